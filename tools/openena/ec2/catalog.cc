// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalog.hh"

#include "digest.hh"
#include "error.hh"
#include "text.hh"

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace tool::ec2
{

namespace
{

struct Kernel {
	const char *id, *name, *kernel, *driver;
};
constexpr Kernel kernels[] = {
	{"ami-00000000000006120", "linux-6.12-openena", "6.12", "openena"},
	{"ami-0000000000000612e", "linux-6.12-ena", "6.12", "ena"},
	{"ami-00000000000006010", "linux-6.1-openena", "6.1", "openena"},
	{"ami-0000000000000601e", "linux-6.1-ena", "6.1", "ena"},
	{"ami-00000000000000000", "linux-newest-openena", "newest", "openena"},
	{"ami-0000000000000000e", "linux-newest-ena", "newest", "ena"},
};

std::string image_directory; /* empty: none */

/* From the name alone: the file may be replaced by a newer one. */
std::string id_of_file(const std::string &name)
{
	return "ami-" + hex(sha256(name)).substr(0, 17);
}

constexpr const char *subnet_mark = "subnet-";
constexpr size_t subnet_digits = 17;
constexpr uint64_t most_segments = 250;

} // namespace

void take_images_from(const std::string &directory)
{
	image_directory = directory;
}

std::vector<Image> images()
{
	std::vector<Image> all;
	std::error_code error;

	for (const Kernel &each : kernels)
		all.push_back({each.id, each.name, each.kernel, each.driver, {}});
	const auto files = static_cast<std::ptrdiff_t>(all.size());
	for (std::filesystem::directory_iterator it(image_directory, error), end;
	     !error && it != end; it.increment(error)) {
		const std::string name = it->path().filename();
		std::error_code gone;
		if (it->is_regular_file(gone))
			all.push_back({id_of_file(name), name, {}, {}, it->path()});
	}
	std::sort(all.begin() + files, all.end(),
		  [](const Image &a, const Image &b) { return a.name < b.name; });
	return all;
}

Image image_of(const std::string &id)
{
	const std::vector<Image> all = images();
	const std::string &wanted = id.empty() ? all[0].id : id;
	const auto found = std::find_if(all.begin(), all.end(),
					[&](const Image &image) { return wanted == image.id; });

	if (!id.starts_with("ami-") && !id.empty())
		throw ApiError("InvalidAMIID.Malformed",
			       "Invalid id: \"" + printable(id, 60) + "\" (expecting \"ami-...\")");
	if (found == all.end())
		throw ApiError("InvalidAMIID.NotFound",
			       "The image id '[" + printable(id, 60) +
				       "]' does not exist: DescribeImages lists those that do");
	return *found;
}

std::vector<Subnet> subnets()
{
	std::vector<Subnet> all;

	for (uint64_t number = 0; number <= most_segments; number++) {
		const std::string digits = std::to_string(number);
		all.push_back(subnet_of(subnet_mark +
					std::string(subnet_digits - digits.size(), '0') + digits));
	}
	return all;
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
