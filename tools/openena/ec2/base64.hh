/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 (RFC 4648). */
#ifndef TOOL_EC2_BASE64_HH
#define TOOL_EC2_BASE64_HH

#include <string>
#include <string_view>

namespace tool::ec2
{

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/* Leaves out what is no digit. */
[[nodiscard]] std::string base64_decode(std::string_view text);

} // namespace tool::ec2

#endif
