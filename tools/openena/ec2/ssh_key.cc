// SPDX-License-Identifier: GPL-2.0-or-later
#include "ssh_key.hh"

#include "base64.hh"
#include "digest.hh"
#include "text.hh"
#include "trouble.hh"

#include <memory>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace tool::ec2
{

namespace
{

constexpr unsigned int made_bits = 2048, least_bits = 1024, most_bits = 16384; /* of RSA */
constexpr size_t longest_line = 4096; /* bytes of a line */
constexpr size_t ed25519_bytes = 32;
constexpr const char *rsa_name = "ssh-rsa", *ed25519_name = "ssh-ed25519";

template <auto end> struct Ends {
	template <typename T> void operator()(T *thing) const
	{
		end(thing);
	}
};
using Pkey = std::unique_ptr<EVP_PKEY, Ends<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Ends<BN_free>>;
using Memory = std::unique_ptr<BIO, Ends<BIO_free>>;

/* @thing, which libcrypto has made; Trouble if it has not. */
template <typename T> T *made(T *thing, const char *what)
{
	if (!thing)
		throw Trouble(std::string("libcrypto makes no ") + what);
	return thing;
}

/* The wire's types of RFC 4251. */
std::string word32(size_t value)
{
	const auto byte = [&](unsigned int shift) {
		return static_cast<char>(value >> shift);
	};

	return {byte(24), byte(16), byte(8), byte(0)};
}

std::string string32(std::string_view text)
{
	return word32(text.size()).append(text);
}

std::string mpint(const BIGNUM *number)
{
	std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');

	BN_bn2bin(number, reinterpret_cast<unsigned char *>(bytes.data()));
	if (!bytes.empty() && bytes[0] & '\x80')
		bytes.insert(0, 1, '\0'); /* it is not negative */
	return string32(bytes);
}

/* Takes the first string of what is left; Trouble if it is cut off. */
std::string_view take_string(std::string_view &left)
{
	size_t size = 0;

	for (size_t i = 0; i < 4; i++)
		size = size << 8 | (i < left.size() ? static_cast<unsigned char>(left[i]) : 0xff);
	if (left.size() < 4 || size > left.size() - 4)
		throw Trouble("the public key is cut off");
	const std::string_view text = left.substr(4, size);
	left.remove_prefix(4 + size);
	return text;
}

Number number_of(std::string_view bytes)
{
	return Number(made(BN_bin2bn(reinterpret_cast<const unsigned char *>(bytes.data()),
				     static_cast<int>(bytes.size()), nullptr),
			   "number"));
}

Pkey rsa_of(const BIGNUM *exponent, const BIGNUM *modulus)
{
	using Builder = std::unique_ptr<OSSL_PARAM_BLD, Ends<OSSL_PARAM_BLD_free>>;
	using Params = std::unique_ptr<OSSL_PARAM, Ends<OSSL_PARAM_free>>;
	using Maker = std::unique_ptr<EVP_PKEY_CTX, Ends<EVP_PKEY_CTX_free>>;
	const Builder builder(made(OSSL_PARAM_BLD_new(), "parameters"));
	EVP_PKEY *key = nullptr;

	OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent);
	const Params params(made(OSSL_PARAM_BLD_to_param(builder.get()), "parameters"));
	const Maker maker(made(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), "RSA"));
	if (EVP_PKEY_fromdata_init(maker.get()) != 1 ||
	    EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
		throw Trouble("the public key has no RSA key in it");
	return Pkey(key);
}

/* "1f:51:..." */
std::string colons(std::string_view text, const EVP_MD *digest)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	std::string with;

	if (!EVP_Digest(text.data(), text.size(), bytes, &size, digest, nullptr))
		throw Trouble("libcrypto lacks a digest");
	const std::string digits = hex({reinterpret_cast<const char *>(bytes), size});
	for (size_t i = 0; i < digits.size(); i += 2)
		with += (i ? ":" : "") + digits.substr(i, 2);
	return with;
}

/* What one of libcrypto's functions writes into memory. */
template <typename Write> std::string written(Write write)
{
	const Memory memory(made(BIO_new(BIO_s_mem()), "memory"));
	char *text = nullptr;

	if (write(memory.get()) != 1)
		throw Trouble("libcrypto does not write a key");
	const long size = BIO_get_mem_data(memory.get(), &text);
	return {text, static_cast<size_t>(size)};
}

void check_rsa(std::string_view left, PublicKey &key)
{
	const Number exponent = number_of(take_string(left));
	const Number modulus = number_of(take_string(left));
	const int bits = BN_num_bits(modulus.get());

	if (bits < static_cast<int>(least_bits) || bits > static_cast<int>(most_bits))
		throw Trouble(format("the public key has %d bits, %u to %u are taken", bits,
				     least_bits, most_bits));
	const Pkey rsa = rsa_of(exponent.get(), modulus.get());
	key.type = "rsa";
	key.fingerprint =
		colons(written([&](BIO *to) { return i2d_PUBKEY_bio(to, rsa.get()); }), EVP_md5());
	if (!left.empty())
		throw Trouble(format("the public key has %zu bytes too many", left.size()));
}

void check_ed25519(std::string_view left, std::string_view blob, PublicKey &key)
{
	if (take_string(left).size() != ed25519_bytes || !left.empty())
		throw Trouble("the public key is not one of Ed25519's 32 bytes");
	key.type = "ed25519";
	key.fingerprint = base64_encode(sha256(blob));
}

std::string rsa_blob(const EVP_PKEY *key)
{
	BIGNUM *exponent = nullptr, *modulus = nullptr;

	EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent);
	EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus);
	const Number e(made(exponent, "RSA")), n(made(modulus, "RSA"));
	return string32(rsa_name) + mpint(e.get()) + mpint(n.get());
}

KeyPair make_rsa()
{
	const Pkey key(made(EVP_RSA_gen(made_bits), "RSA"));
	KeyPair pair{
		read_public_key(std::string(rsa_name) + " " + base64_encode(rsa_blob(key.get()))),
		written([&](BIO *to) {
			return PEM_write_bio_PrivateKey_traditional(to, key.get(), nullptr, nullptr,
								    0, nullptr, nullptr);
		})};

	pair.key.fingerprint = colons(written([&](BIO *to) {
					      return i2d_PKCS8PrivateKey_bio(to, key.get(), nullptr,
									     nullptr, 0, nullptr,
									     nullptr);
				      }),
				      EVP_sha1());
	return pair;
}

/* OpenSSH's own format (its PROTOCOL.key): it reads Ed25519 from no other before 9.6. */
std::string openssh_secret(const std::string &blob, const std::string &seed,
			   const std::string &point)
{
	const std::string check = random_hex(2);
	std::string secret = check + check + string32(ed25519_name) + string32(point) +
			     string32(seed + point) + string32("");

	for (char pad = 1; secret.size() % 8; pad++)
		secret += pad;
	const std::string text = base64_encode(std::string("openssh-key-v1\0", 15) +
					       string32("none") + string32("none") + string32("") +
					       word32(1) + string32(blob) + string32(secret));
	std::string pem = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	for (size_t i = 0; i < text.size(); i += 70)
		pem += text.substr(i, 70) + "\n";
	return pem + "-----END OPENSSH PRIVATE KEY-----\n";
}

KeyPair make_ed25519()
{
	const Pkey key(made(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "Ed25519"));
	std::string seed(ed25519_bytes, '\0'), point(ed25519_bytes, '\0');
	size_t size = ed25519_bytes;

	if (EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char *>(seed.data()),
					 &size) != 1 ||
	    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char *>(point.data()),
					&size) != 1)
		throw Trouble("libcrypto makes no Ed25519");
	const std::string blob = string32(ed25519_name) + string32(point);
	return {read_public_key(std::string(ed25519_name) + " " + base64_encode(blob)),
		openssh_secret(blob, seed, point)};
}

} // namespace

PublicKey read_public_key(const std::string &line)
{
	const std::vector<std::string> words =
		split(line.substr(0, line.find_first_of("\r\n")), ' ');

	if (line.size() > longest_line)
		throw Trouble(format("the public key has %zu bytes, at most %zu are taken",
				     line.size(), longest_line));
	if (words.size() < 2 || (words[0] != rsa_name && words[0] != ed25519_name))
		throw Trouble("\"" + printable(words[0], 40) +
			      "\" begins no public key: a line \"ssh-rsa AAAA...\" or "
			      "\"ssh-ed25519 AAAA...\" is one");
	const auto blob = base64_decode(words[1]);
	std::string_view left = blob ? *blob : std::string_view();
	PublicKey key{{}, words[0] + " " + words[1], {}};
	if (!blob || take_string(left) != words[0])
		throw Trouble("the public key is damaged: \"" + printable(words[1], 40) + "\"");
	if (words[0] == rsa_name)
		check_rsa(left, key);
	else
		check_ed25519(left, *blob, key);
	return key;
}

KeyPair make_key_pair(const std::string &type)
{
	return type == "rsa" ? make_rsa() : make_ed25519();
}

} // namespace tool::ec2
