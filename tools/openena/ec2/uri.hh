/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in a URI or a form, and the pairs that it is made of (RFC 3986, RFC 1866). */
#ifndef TOOL_EC2_URI_HH
#define TOOL_EC2_URI_HH

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tool::ec2
{

/* All but letters, digits and "-._~" as %XX. */
[[nodiscard]] std::string uri_encode(std::string_view text);
/* None: a % without two hexadecimal digits behind it. A form's '+' is a space. */
[[nodiscard]] std::optional<std::string> uri_decode(std::string_view text, bool form);
/* The pairs of "a=b&c=d", decoded. None: one cannot be. */
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>>
uri_pairs(std::string_view text, bool form);

} // namespace tool::ec2

#endif
