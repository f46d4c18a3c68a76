// SPDX-License-Identifier: GPL-2.0-or-later
#include "base64.hh"

#include <algorithm>
#include <openssl/evp.h>

namespace tool::ec2
{

std::string base64_encode(std::string_view bytes)
{
	std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0'); /* with a zero at the end */

	EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()),
			reinterpret_cast<const unsigned char *>(bytes.data()),
			static_cast<int>(bytes.size()));
	text.pop_back();
	return text;
}

std::optional<std::string> base64_decode(std::string text)
{
	std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
	std::string bytes(text.size() / 4 * 3, '\0');
	const auto padding = static_cast<size_t>(std::count(text.begin(), text.end(), '='));

	if (padding > 2 || EVP_DecodeBlock(reinterpret_cast<unsigned char *>(bytes.data()),
					   reinterpret_cast<const unsigned char *>(text.data()),
					   static_cast<int>(text.size())) < 0)
		return {};
	bytes.resize(bytes.size() - std::min(padding, bytes.size()));
	/* libcrypto takes more than there should be, such as spaces. */
	if (base64_encode(bytes) != text)
		return {};
	return bytes;
}

} // namespace tool::ec2
