/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of SSH as EC2 has them: RSA and Ed25519. From libcrypto. */
#ifndef TOOL_EC2_SSH_KEY_HH
#define TOOL_EC2_SSH_KEY_HH

#include <string>

namespace tool::ec2
{

struct PublicKey {
	std::string type; /* rsa, ed25519 */
	std::string text; /* "ssh-rsa AAAA...", without a comment */
	/* As EC2 has it: RSA: MD5 of its DER (made there: SHA-1 of the private one's); Ed25519: SHA-256. */
	std::string fingerprint;
};

/* Of the first line, as in authorized_keys. Trouble: it is none. */
[[nodiscard]] PublicKey read_public_key(const std::string &line);

struct KeyPair {
	PublicKey key;
	std::string secret; /* PEM */
};

/* Of a type above. */
[[nodiscard]] KeyPair make_key_pair(const std::string &type);

} // namespace tool::ec2

#endif
