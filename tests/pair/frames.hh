/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames for the wire, and a slow, obvious judge of them that shares no code
 * with either core.
 */
#pragma once

#include <random>
#include <string>

#include "machine.hh"

struct FrameShape {
	bool ipv6 = false;
	bool udp = false; /* else TCP */
	size_t payload = 100;
	uint16_t source_port = 1000, destination_port = 2000;
	uint8_t tcp_flags = 0x18; /* PSH, ACK */
	unsigned ip_options = 0; /* bytes, multiple of 4 (IPv4) or 8 (IPv6 hop-by-hop) */
	unsigned tcp_options = 0; /* bytes, multiple of 4 */
};

using Random = std::mt19937_64;

/* A frame with all checksums right. */
Bytes build_frame(const FrameShape &shape, Random &random);

/* As a driver hands it over: checksum left to the adapter (OE_TX_CSUM). */
TxRequest checksum_request(const FrameShape &shape, Random &random, Bytes &finished);

/* A TSO frame of any length; @mss segments. */
TxRequest tso_request(const FrameShape &shape, uint16_t mss, Random &random);

/* What is wrong with a frame, or an empty string. */
std::string fault_of(const Bytes &frame);

/* The L4 payload of a frame that fault_of() is content with. */
Bytes payload_of(const Bytes &frame);
uint32_t tcp_sequence(const Bytes &frame);
uint8_t tcp_flags(const Bytes &frame);
