/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_INSTANCE_SIZES_HH
#define TOOL_INSTANCE_SIZES_HH

#include <cstdint>
#include <string>

namespace tool
{

/* What Amazon publishes of a type beside its adapter's numbers. */
struct InstanceSize {
	const char *type, *architecture;
	const char *ena; /* required, supported or unsupported */
	uint32_t vcpus, cores, memory_mib;
	uint32_t interfaces; /* at most, on all its cards */
	uint32_t addresses; /* IPv4, of an interface */
	uint32_t cards, efa_interfaces;
	const char *performance;
	bool bare_metal, current;
};
/* Null: nothing is known. */
[[nodiscard]] const InstanceSize *size_of(const std::string &type);
/* Network interfaces that a machine of that type can have here. */
[[nodiscard]] uint64_t most_interfaces(const std::string &type);

} // namespace tool

#endif
