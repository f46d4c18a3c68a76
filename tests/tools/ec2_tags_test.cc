// SPDX-License-Identifier: GPL-2.0-or-later
/* Tags and key pairs. */
#include "ec2.hh"

TEST_F(Ec2Test, Tags)
{
	const std::string id = launched("&TagSpecification.1.ResourceType=instance"
					"&TagSpecification.1.Tag.1.Key=Name"
					"&TagSpecification.1.Tag.1.Value=web");

	EXPECT_TRUE(has(ask("DescribeInstances&Filter.1.Name=tag:Name&Filter.1.Value.1=w?b"), id));
	ask("CreateTags&ResourceId.1=" + id + "&Tag.1.Key=b&Tag.1.Value=%3Cx%3E");
	EXPECT_TRUE(has(ask("DescribeTags&Filter.1.Name=key&Filter.1.Value.1=b"),
			"<value>&lt;x&gt;</value>"));
	ask("DeleteTags&ResourceId.1=" + id + "&Tag.1.Key=b&Tag.1.Value=other");
	EXPECT_TRUE(has(ask("DescribeTags"), "<key>b"));
	ask("DeleteTags&ResourceId.1=" + id + "&Tag.1.Key=b");
	EXPECT_FALSE(has(ask("DescribeTags"), "<key>b"));
	std::string many = "CreateTags&ResourceId.1=" + id;
	for (int i = 0; i < 50; i++)
		many += "&Tag." + std::to_string(i + 1) + ".Key=k" + std::to_string(i);
	EXPECT_EQ(code(many), "TagLimitExceeded");
	EXPECT_FALSE(has(ask("DescribeTags"), "<key>k0"));
	EXPECT_EQ(code("CreateTags&ResourceId.1=" + id + "&Tag.1.Key=aws:x"),
		  "InvalidParameterValue");
	EXPECT_EQ(code("CreateTags&Tag.1.Key=x&ResourceId.1=vol-1"), "InvalidID");
}

/* What XML cannot have, and what only terminals cannot. */
TEST_F(Ec2Test, TagsOfAnyCharacters)
{
	const std::string id = launched(), of_it = "CreateTags&ResourceId.1=" + id;
	const auto character = [](size_t times) {
		std::string text;
		while (times--)
			text += "%E5%AD%97";
		return text;
	};
	const auto found = [&](const std::string &value) {
		return has(ask("DescribeInstances&Filter.1.Name=tag:k&Filter.1.Value.1=" + value),
			   id);
	};

	ask(of_it + "&Tag.1.Key=k&Tag.1.Value=%EF%BF%BFx%EF%BF%BE%0Dy");
	EXPECT_TRUE(has(ask("DescribeTags"), "<value>?x?&#13;y</value>")) << ask("DescribeTags");
	for (const std::string &value : {std::string(250, 'v'), std::string("a%09b")}) {
		ask(of_it + "&Tag.1.Key=k&Tag.1.Value=" + value);
		EXPECT_TRUE(found(value)) << value;
	}
	EXPECT_FALSE(found("a%20b"));
	EXPECT_EQ(code(of_it + "&Tag.1.Key=" + character(128) + "&Tag.1.Value=" + character(256)),
		  "");
	EXPECT_EQ(code(of_it + "&Tag.1.Key=" + character(129)), "InvalidParameterValue");
}

TEST_F(Ec2Test, KeyPairs)
{
	/* A line of ssh-keygen, in base64. */
	const std::string material = "&PublicKeyMaterial="
				     "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUlXY0JDb0dYQ"
				     "0E2UlJEejNjTzYyQWM4SnNoK3BheDdq"
				     "eXZzVGJVWjJuUy8K";
	const std::string made = ask("ImportKeyPair&KeyName=mine" + material);
	const std::string key = element(made, "keyPairId");

	EXPECT_EQ(element(made, "keyFingerprint"), "FFGWugWQjR7TUmyk2ioYhs7SLPntRpSCNWbefy4gffg=");
	EXPECT_EQ(code("ImportKeyPair&KeyName=mine" + material), "InvalidKeyPair.Duplicate");
	EXPECT_EQ(code("CreateKeyPair&KeyName=mine"), "InvalidKeyPair.Duplicate");
	EXPECT_EQ(code("ImportKeyPair&KeyName=other&PublicKeyMaterial=AAAA"), "InvalidKey.Format");
	EXPECT_TRUE(has(ask("ImportKeyPair&KeyName=other&PublicKeyMaterial=A"), "not base64"));
	EXPECT_EQ(code("ImportKeyPair&KeyName=a%0ab" + material), "InvalidParameterValue");
	EXPECT_EQ(code("CreateKeyPair&KeyName=k&KeyType=dsa"), "InvalidParameterValue");
	EXPECT_EQ(code("CreateKeyPair&KeyName=k&KeyFormat=ppk"), "InvalidParameterValue");
	EXPECT_TRUE(has(ask("CreateKeyPair&KeyName=new&KeyType=ed25519"),
			"<keyMaterial>-----BEGIN OPENSSH PRIVATE KEY-----"));
	EXPECT_FALSE(has(file_text(scratch / "state.json"), "PRIVATE"));
	EXPECT_TRUE(
		has(ask("CreateTags&ResourceId.1=" + key + "&Tag.1.Key=k&Tag.1.Value=v"), "true"));
	EXPECT_TRUE(has(ask("DescribeTags"), "<resourceType>key-pair"));
	EXPECT_EQ(code("DescribeKeyPairs&KeyName.1=none"), "InvalidKeyPair.NotFound");
	EXPECT_EQ(code("RunInstances&KeyName=none"), "InvalidKeyPair.NotFound");
	const std::string id = launched("&KeyName=mine");
	ask("DeleteKeyPair&KeyName=mine");
	EXPECT_TRUE(has(ask("DeleteKeyPair&KeyName=mine"), "<return>true"));
	begin();
	EXPECT_EQ(count(ask("DescribeKeyPairs"), "<keyPairId>"), 1U);
	EXPECT_FALSE(has(ask("DescribeTags"), "<item>"));
	/* An instance keeps its own. */
	EXPECT_TRUE(has(ask("DescribeInstances&Filter.1.Name=key-name&Filter.1.Value.1=mine"), id));
	EXPECT_TRUE(store->now()->instances.at(id).public_key.ends_with("2nS/ mine"));
}
