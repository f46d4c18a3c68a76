/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 (RFC 4648), of at most 1 GiB. */
#ifndef TOOL_EC2_BASE64_HH
#define TOOL_EC2_BASE64_HH

#include <optional>
#include <string>
#include <string_view>

namespace tool::ec2
{

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/* @text may have ends of lines. Nothing: it is not base64. */
[[nodiscard]] std::optional<std::string> base64_decode(std::string text);

} // namespace tool::ec2

#endif
