/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which receive queue a flow goes to: the hash as the adapter computes it for a driver. */
#ifndef TOOL_FLOW_HH
#define TOOL_FLOW_HH

#include "core/net/toeplitz.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool
{

/* An address, and a port if there is one. */
struct Endpoint {
	std::vector<uint8_t> address; /* 4 or 16 bytes, as on the wire */
	std::optional<uint16_t> port;

	/* ADDRESS, ADDRESS:PORT, [IPV6]:PORT, or an IPv6 address alone. Trouble names @what. */
	[[nodiscard]] static Endpoint parse(std::string_view text, std::string_view what);
};

/* Whose convention a key is in: what the driver does to the key before the adapter gets it. */
enum class KeyOwner {
	openena, /* the hash is Toeplitz as everywhere else, with the key that ethtool shows */
	ena, /* Linux: key reversed, all ones to start from, lower address and port first */
	adapter, /* no driver gave a key: the adapter's own */
};

/* 40 bytes in hex, with or without colons. */
[[nodiscard]] net::ToeplitzKey parse_key(std::string_view text);

class FlowHash {
    public:
	FlowHash(KeyOwner owner, net::ToeplitzKey key);
	/* Ports are hashed if both have one. */
	[[nodiscard]] uint32_t operator()(const Endpoint &source,
					  const Endpoint &destination) const;

    private:
	net::Toeplitz toeplitz_;
	uint32_t initial_;
	bool sort_;
};

/* Queue of each entry, from "0,1,2,..." (a power of two of them, at most 128). */
[[nodiscard]] std::vector<uint16_t> parse_table(std::string_view text);
/* The drivers' own: entry i is queue i modulo @queues. */
[[nodiscard]] std::vector<uint16_t> spread_table(uint64_t queues);

} // namespace tool

#endif
