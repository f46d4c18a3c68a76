// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys of SSH, as EC2 shows them. */
#include "ec2/base64.hh"
#include "ec2/ssh_key.hh"
#include "run.hh"
#include "trouble.hh"

#include <gtest/gtest.h>

using namespace tool;
using namespace tool::ec2;

namespace
{

/* Made by ssh-keygen for this test. */
const std::string ed25519 =
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIWcBCoGXCA6RRDz3cO62Ac8Jsh+pax7jyvsTbUZ2nS/";
const std::string rsa =
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDnSqKi5OdKxtRFp/c83uj5pCaTyR/u7CLHyqs0sIVTTtTtVl+Nxl"
	"fPtOfLLHknHxIqnAmTuvqhZfN2lma6CqvIkCCEDM25Xty2IgQTrwVgNEs7p/CThP0Gd6eaRud9kkTp+MF9UIyR9g/R"
	"9zUdfFw152YDqe4GZdgEtrjxVWc93Q==";

std::string refusal(const std::string &line)
{
	try {
		(void)read_public_key(line);
		return "";
	} catch (const Trouble &trouble) {
		return trouble.what();
	}
}

} // namespace

TEST(SshKey, FingerprintsAreThoseOfOtherPrograms)
{
	const PublicKey one = read_public_key(ed25519 + " me@there\n"),
			other = read_public_key(rsa);

	EXPECT_EQ(one.type, "ed25519");
	EXPECT_EQ(one.text, ed25519);
	/* ssh-keygen -l, which leaves out the '=' */
	EXPECT_EQ(one.fingerprint, "FFGWugWQjR7TUmyk2ioYhs7SLPntRpSCNWbefy4gffg=");
	EXPECT_EQ(other.type, "rsa");
	/* ssh-keygen -e -m PEM | openssl rsa -RSAPublicKey_in -outform DER | openssl md5 -c */
	EXPECT_EQ(other.fingerprint, "e3:84:0d:a4:43:c8:52:55:8b:5f:d7:af:9e:ce:ea:4b");
}

TEST(SshKey, WhatIsNone)
{
	EXPECT_TRUE(has(refusal(""), "begins no public key"));
	EXPECT_TRUE(has(refusal("-----BEGIN OPENSSH PRIVATE KEY-----"), "begins no public key"));
	EXPECT_TRUE(has(refusal("ssh-dss AAAA"), "ssh-dss"));
	EXPECT_TRUE(has(refusal("ssh-rsa " + ed25519.substr(12)), "damaged"));
	EXPECT_TRUE(has(refusal(ed25519 + "AAAA"), "32 bytes"));
	EXPECT_TRUE(has(refusal(rsa.substr(0, rsa.size() - 1)), "damaged"));
	EXPECT_TRUE(has(refusal("ssh-rsa " + std::string(5000, 'A')), "at most 4096"));
	for (size_t size = 9; size + 4 < rsa.size(); size += 4)
		EXPECT_FALSE(refusal(rsa.substr(0, size + 3)).empty()) << size;
	/* Numbers that claim to be longer than all there is, and a key of seven bits. */
	EXPECT_TRUE(
		has(refusal("ssh-rsa " + base64_encode({"\0\0\0\7ssh-rsa\xff\xff\xff\xff", 15})),
		    "cut off"));
	EXPECT_TRUE(has(
		refusal("ssh-rsa " + base64_encode({"\0\0\0\7ssh-rsa\0\0\0\1\3\0\0\0\1\x7f", 21})),
		"7 bits"));
}

TEST(SshKey, ThoseThatAreMadeCanBeRead)
{
	for (const char *type : {"rsa", "ed25519"}) {
		const KeyPair pair = make_key_pair(type);
		EXPECT_EQ(read_public_key(pair.key.text).type, type);
		EXPECT_TRUE(pair.secret.starts_with("-----BEGIN ")) << type;
		EXPECT_NE(make_key_pair(type).key.text, pair.key.text);
	}
}

TEST(Base64, VectorsOfRfc4648)
{
	for (const auto &[bytes, text] : std::vector<std::pair<std::string, std::string>>{
		     {"", ""},
		     {"f", "Zg=="},
		     {"fo", "Zm8="},
		     {"foo", "Zm9v"},
		     {"foob", "Zm9vYg=="},
		     {"fooba", "Zm9vYmE="},
		     {"foobar", "Zm9vYmFy"},
		     {std::string("\xff\xfe\x00", 3), "//4A"}}) {
		EXPECT_EQ(base64_encode(bytes), text);
		EXPECT_EQ(base64_decode(text), bytes);
	}
}

TEST(Base64, WhatIsNone)
{
	EXPECT_EQ(base64_decode("Zm9v\r\nYmFy\n"), "foobar");
	for (const char *text : {"Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "=", "====", "Zm9v YmFy",
				 " Zm9v", "Zm-v", "Zm9v-", "Zm9v=", "Zg=\xff"})
		EXPECT_FALSE(base64_decode(text)) << text;
}
