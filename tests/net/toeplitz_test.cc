// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/toeplitz.hh"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reference.hh"

namespace
{

using reference::Bytes;

net::ToeplitzKey key_from_hex(const char *hex)
{
	const Bytes bytes = reference::from_hex(hex);
	net::ToeplitzKey key{};

	EXPECT_EQ(bytes.size(), key.bytes.size());
	std::copy_n(bytes.begin(), std::min(bytes.size(), key.bytes.size()), key.bytes.begin());
	return key;
}

/* Source address, destination address, and, with ports, source and destination port. */
Bytes input(int family, const char *source, const char *destination, uint16_t source_port = 0,
	    uint16_t destination_port = 0)
{
	const size_t length = family == AF_INET ? 4 : 16;
	Bytes out(2 * length);

	EXPECT_EQ(inet_pton(family, source, out.data()), 1);
	EXPECT_EQ(inet_pton(family, destination, out.data() + length), 1);
	if (source_port != 0)
		out.insert(out.end(), {static_cast<uint8_t>(source_port >> 8),
				       static_cast<uint8_t>(source_port),
				       static_cast<uint8_t>(destination_port >> 8),
				       static_cast<uint8_t>(destination_port)});
	return out;
}

uint32_t by_table(const net::ToeplitzKey &key, const Bytes &bytes, uint32_t init)
{
	static net::Toeplitz table;

	table.set_key(key);
	return table.hash(bytes, init);
}

void expect_hash(const net::ToeplitzKey &key, const Bytes &bytes, uint32_t init, uint32_t expected)
{
	EXPECT_EQ(reference::toeplitz(key.bytes, bytes) ^ init, expected);
	EXPECT_EQ(net::toeplitz(key, bytes, init), expected);
	EXPECT_EQ(by_table(key, bytes, init), expected);
}

const char *const microsoft_key = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b4"
				  "77cb2da38030f20c6a42b73bbeac01fa";

/* "Verifying the RSS Hash Calculation", Microsoft's driver documentation. */
TEST(Toeplitz, MicrosoftVectorsIpv4)
{
	static const struct {
		const char *source, *destination;
		uint16_t source_port, destination_port;
		uint32_t ip, tcp;
	} vectors[] = {
		{"66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178},
		{"199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea},
		{"24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
		{"38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f},
		{"153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2},
	};
	const net::ToeplitzKey key = key_from_hex(microsoft_key);

	for (const auto &v : vectors) {
		SCOPED_TRACE(v.source);
		expect_hash(key, input(AF_INET, v.source, v.destination), 0, v.ip);
		expect_hash(
			key,
			input(AF_INET, v.source, v.destination, v.source_port, v.destination_port),
			0, v.tcp);
	}
}

TEST(Toeplitz, MicrosoftVectorsIpv6)
{
	static const struct {
		const char *source, *destination;
		uint16_t source_port, destination_port;
		uint32_t ip, tcp;
	} vectors[] = {
		{"3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d},
		{"3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf},
		{"3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024,
		 0x4b61e985, 0x02d1feef},
	};
	const net::ToeplitzKey key = key_from_hex(microsoft_key);

	for (const auto &v : vectors) {
		SCOPED_TRACE(v.source);
		expect_hash(key, input(AF_INET6, v.source, v.destination), 0, v.ip);
		expect_hash(
			key,
			input(AF_INET6, v.source, v.destination, v.source_port, v.destination_port),
			0, v.tcp);
	}
}

/*
 * The adapter's rule, measured on EC2: with K the 40 key bytes as the driver
 * wrote them to the control buffer of feature 10, and I the init_val of the
 * same command,
 *
 *	hash = Toeplitz(K reversed, source, destination, ports) ^ I
 *
 * DPDK and FreeBSD send their key reversed, with I = 0: the two reversals
 * cancel out, and the hash is the textbook one. Linux sends its key as it is,
 * with I = 0xffffffff. Before version 2.6.0, until somebody set a key, Linux
 * got the same hash with I = 0.
 */
TEST(Toeplitz, AdapterVectors)
{
	const net::ToeplitzKey key = key_from_hex("77d1c934a4c9bd876e35dd17b2e3239e396d8a932a95b472"
						  "3ab37f568edeb60197af3b2f3a70e704");
	const Bytes flow = input(AF_INET, "1.2.3.4", "1.2.3.5", 7000, 7000);
	net::ToeplitzKey reversed = key;

	std::reverse(reversed.bytes.begin(), reversed.bytes.end());
	expect_hash(key, flow, 0, 0xa9828bd4);
	expect_hash(reversed, flow, 0xffffffff, 0x5b5eb8e5);
	expect_hash(reversed, flow, 0, 0xa4a1471a);
}

TEST(Toeplitz, EqualsReferenceForAnyKeyAndLength)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);
	static net::Toeplitz table;

	for (int round = 0; round < 200; round++) {
		net::ToeplitzKey key{};
		const Bytes random = reference::random_bytes(rng, key.bytes.size());

		std::copy(random.begin(), random.end(), key.bytes.begin());
		table.set_key(key);
		for (size_t length = 0; length <= net::toeplitz_max_input; length++) {
			const Bytes bytes = reference::random_bytes(rng, length);
			const auto init = static_cast<uint32_t>(rng());
			const uint32_t expected = reference::toeplitz(random, bytes) ^ init;

			ASSERT_EQ(net::toeplitz(key, bytes, init), expected);
			ASSERT_EQ(table.hash(bytes, init), expected);
		}
	}
}

TEST(Toeplitz, InputBeyondTheKeyIsNotHashed)
{
	const net::ToeplitzKey key = key_from_hex(microsoft_key);
	Bytes bytes(100, 0x5a);
	const uint32_t expected = net::toeplitz(key, {bytes.data(), net::toeplitz_max_input}, 0);

	EXPECT_EQ(net::toeplitz(key, bytes, 0), expected);
	EXPECT_EQ(by_table(key, bytes, 0), expected);
}

TEST(Toeplitz, TableWithoutKeyHashesToInit)
{
	const auto table = std::make_unique<net::Toeplitz>();

	EXPECT_EQ(table->hash(Bytes(36, 0xff), 0x1234), 0x1234u);
}

} // namespace
