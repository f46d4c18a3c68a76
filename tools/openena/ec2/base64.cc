// SPDX-License-Identifier: GPL-2.0-or-later
#include "base64.hh"

#include <cstdint>

namespace tool::ec2
{

namespace
{

constexpr std::string_view base64_digits =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string base64_encode(std::string_view bytes)
{
	std::string text;
	uint32_t bits = 0;
	unsigned int count = 0;

	for (const char c : bytes) {
		bits = bits << 8 | static_cast<unsigned char>(c);
		for (count += 8; count >= 6; count -= 6)
			text += base64_digits[bits >> (count - 6) & 63];
	}
	if (count)
		text += base64_digits[bits << (6 - count) & 63];
	while (text.size() % 4)
		text += '=';
	return text;
}

std::string base64_decode(std::string_view text)
{
	std::string bytes;
	uint32_t bits = 0;
	unsigned int count = 0;

	for (const char c : text) {
		const size_t digit = base64_digits.find(c);
		if (digit == base64_digits.npos)
			continue;
		bits = bits << 6 | static_cast<uint32_t>(digit);
		count += 6;
		if (count >= 8) {
			count -= 8;
			bytes += static_cast<char>(bits >> count);
		}
	}
	return bytes;
}

} // namespace tool::ec2
