// SPDX-License-Identifier: GPL-2.0-or-later
#include "instance_sizes.hh"

#include <algorithm>
#include <iterator>

namespace tool
{

namespace
{

constexpr InstanceSize sizes[] = {
#include "instance_sizes.inc"
};

constexpr uint64_t most_ports = 8; /* that a machine is started with */
constexpr uint64_t interfaces_if_unknown = 4;

} // namespace

const InstanceSize *size_of(const std::string &type)
{
	const auto found = std::lower_bound(
		std::begin(sizes), std::end(sizes), type,
		[](const InstanceSize &size, const std::string &name) { return size.type < name; });

	return found != std::end(sizes) && type == found->type ? found : nullptr;
}

uint64_t most_interfaces(const std::string &type)
{
	const InstanceSize *size = size_of(type);

	return size ? std::min<uint64_t>(size->interfaces, most_ports) : interfaces_if_unknown;
}

} // namespace tool
