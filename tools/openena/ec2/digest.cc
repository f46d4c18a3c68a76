// SPDX-License-Identifier: GPL-2.0-or-later
#include "digest.hh"

#include "trouble.hh"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace tool::ec2
{

namespace
{

const unsigned char *bytes_of(std::string_view text)
{
	return reinterpret_cast<const unsigned char *>(text.data());
}

} // namespace

std::string sha256(std::string_view text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (!EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr))
		throw Trouble("libcrypto has no SHA-256");
	return {reinterpret_cast<const char *>(digest), size};
}

std::string hmac_sha256(std::string_view key, std::string_view text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text),
		  text.size(), digest, &size))
		throw Trouble("libcrypto has no HMAC with SHA-256");
	return {reinterpret_cast<const char *>(digest), size};
}

std::string hex(std::string_view bytes)
{
	static constexpr char digits[] = "0123456789abcdef";
	std::string text;

	for (const char c : bytes) {
		const auto byte = static_cast<unsigned char>(c);
		text += {digits[byte >> 4], digits[byte & 15]};
	}
	return text;
}

bool same_secret(std::string_view a, std::string_view b)
{
	return a.size() == b.size() && !CRYPTO_memcmp(a.data(), b.data(), a.size());
}

std::string random_hex(size_t bytes)
{
	std::string random(bytes, '\0');

	if (RAND_bytes(reinterpret_cast<unsigned char *>(random.data()), static_cast<int>(bytes)) !=
	    1)
		throw Trouble("libcrypto has no random numbers");
	return hex(random);
}

} // namespace tool::ec2
