/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to choose from: sizes of instance types, images, subnets. */
#ifndef TOOL_EC2_CATALOG_HH
#define TOOL_EC2_CATALOG_HH

#include "json.hh"

#include "ena_instance.h"

#include <cstdint>
#include <span>
#include <string>

namespace tool::ec2
{

/* Of everything. */
inline constexpr const char *owner = "000000000000", *vpc = "vpc-00000000000000000";

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

/* What openena run boots: a kernel of Debian, and the driver for the adapter. */
struct Image {
	const char *id, *name, *kernel, *driver;
};
[[nodiscard]] std::span<const Image> images();
/* ApiError if there is none of that id. */
[[nodiscard]] const Image &image_of(const std::string &id);

/* A network of openena run. */
struct Subnet {
	std::string id;
	std::string network; /* user, or private:N */
	std::string prefix; /* of its addresses, up to the last dot */
	uint64_t number; /* N; 0: user */
};
/* Of an id; empty: the default. ApiError if there is none such. */
[[nodiscard]] Subnet subnet_of(const std::string &id);

} // namespace tool::ec2

#endif
