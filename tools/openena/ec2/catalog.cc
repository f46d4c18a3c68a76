// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalog.hh"

#include "error.hh"
#include "text.hh"

#include <algorithm>
#include <cstring>

namespace tool::ec2
{

namespace
{

constexpr InstanceSize sizes[] = {
#include "instance_sizes.inc"
};

constexpr uint64_t most_ports = 8; /* that a machine is started with */
constexpr uint64_t interfaces_if_unknown = 4;

/* The last digits say the kernel, and the driver: 0 openena, e ena. */
constexpr Image all_images[] = {
	{"ami-00000000000006120", "linux-6.12-openena", "6.12", "openena"},
	{"ami-0000000000000612e", "linux-6.12-ena", "6.12", "ena"},
	{"ami-00000000000006010", "linux-6.1-openena", "6.1", "openena"},
	{"ami-0000000000000601e", "linux-6.1-ena", "6.1", "ena"},
	{"ami-00000000000000000", "linux-newest-openena", "newest", "openena"},
	{"ami-0000000000000000e", "linux-newest-ena", "newest", "ena"},
};

constexpr const char *subnet_mark = "subnet-";
constexpr size_t subnet_digits = 17;
constexpr uint64_t most_segments = 250;

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

std::span<const Image> images()
{
	return all_images;
}

const Image &image_of(const std::string &id)
{
	const std::string &wanted = id.empty() ? all_images[0].id : id;
	const auto found = std::find_if(std::begin(all_images), std::end(all_images),
					[&](const Image &image) { return wanted == image.id; });

	if (!id.starts_with("ami-") && !id.empty())
		throw ApiError("InvalidAMIID.Malformed",
			       "Invalid id: \"" + printable(id, 60) + "\" (expecting \"ami-...\")");
	if (found == std::end(all_images))
		throw ApiError("InvalidAMIID.NotFound",
			       "The image id '[" + printable(id, 60) +
				       "]' does not exist: DescribeImages lists those that do");
	return *found;
}

Subnet subnet_of(const std::string &id)
{
	const std::string digits = id.starts_with(subnet_mark) ? id.substr(strlen(subnet_mark))
							       : "";

	if (id.empty())
		return subnet_of(subnet_mark + std::string(subnet_digits, '0'));
	const auto number = digits.size() == subnet_digits &&
					    digits.find_first_not_of("0123456789") == digits.npos
				    ? to_number(digits)
				    : std::nullopt;
	if (!number || *number > most_segments)
		throw ApiError("InvalidSubnetID.NotFound",
			       "The subnet ID '" + printable(id, 60) +
				       format("' does not exist: there are %s%0*d to %0*llu",
					      subnet_mark, static_cast<int>(subnet_digits), 0,
					      static_cast<int>(subnet_digits),
					      static_cast<unsigned long long>(most_segments)));
	if (!*number)
		return {id, "user", "172.31.0.", 0};
	return {id, "private:" + std::to_string(*number), "172.31." + std::to_string(*number) + ".",
		*number};
}

} // namespace tool::ec2
