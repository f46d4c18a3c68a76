/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256, from libcrypto. */
#ifndef TOOL_EC2_DIGEST_HH
#define TOOL_EC2_DIGEST_HH

#include <string>
#include <string_view>

namespace tool::ec2
{

/* 32 bytes. */
[[nodiscard]] std::string sha256(std::string_view text);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);
[[nodiscard]] std::string hex(std::string_view bytes);
/* In a time that does not depend on where they differ. */
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);
/* As hexadecimal digits, twice as many. */
[[nodiscard]] std::string random_hex(size_t bytes);

} // namespace tool::ec2

#endif
