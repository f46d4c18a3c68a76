/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_EC2_HH
#define TOOL_EC2_HH

#include "output.hh"

#include <cstdint>
#include <optional>
#include <string>

namespace tool
{

struct Ec2Options {
	std::string address = "127.0.0.1";
	uint16_t port = 0;
	std::string credentials; /* file; empty: one in the directory below */
	std::string directory; /* of the state; empty: the default */
	std::string accel, memory; /* of all machines */
	std::optional<uint64_t> cpus;
};

/* Serves until SIGINT or SIGTERM; returns an exit status, or Trouble. */
using Ec2Server = int (*)(const Ec2Options &options, Streams &io);

/* In openena-ec2; null: not in this program. */
extern Ec2Server ec2_server;

} // namespace tool

#endif
