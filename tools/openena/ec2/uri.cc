// SPDX-License-Identifier: GPL-2.0-or-later
#include "uri.hh"

#include <cctype>

namespace tool::ec2
{

namespace
{

int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = static_cast<char>(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

std::string uri_encode(std::string_view text)
{
	static constexpr char digits[] = "0123456789ABCDEF";
	std::string encoded;

	for (const char c : text) {
		const auto byte = static_cast<unsigned char>(c);
		if (byte < 0x80 && (isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~'))
			encoded += c;
		else
			encoded += {'%', digits[byte >> 4], digits[byte & 15]};
	}
	return encoded;
}

std::optional<std::string> uri_decode(std::string_view text, bool form)
{
	std::string decoded;

	for (size_t i = 0; i < text.size(); i++) {
		if (text[i] != '%') {
			decoded += form && text[i] == '+' ? ' ' : text[i];
			continue;
		}
		const int high = text.size() - i > 2 ? digit_of(text[i + 1]) : -1;
		const int low = high >= 0 ? digit_of(text[i + 2]) : -1;
		if (low < 0)
			return {};
		decoded += static_cast<char>(high << 4 | low);
		i += 2;
	}
	return decoded;
}

std::optional<std::vector<std::pair<std::string, std::string>>> uri_pairs(std::string_view text,
									  bool form)
{
	std::vector<std::pair<std::string, std::string>> pairs;

	while (!text.empty()) {
		const std::string_view pair = text.substr(0, text.find('&'));
		text.remove_prefix(pair.size() < text.size() ? pair.size() + 1 : text.size());
		if (pair.empty())
			continue;
		const size_t equals = pair.find('=');
		const auto name = uri_decode(pair.substr(0, equals), form);
		const auto value = equals == pair.npos ? std::string()
						       : uri_decode(pair.substr(equals + 1), form);
		if (!name || !value)
			return {};
		pairs.emplace_back(*name, *value);
	}
	return pairs;
}

} // namespace tool::ec2
