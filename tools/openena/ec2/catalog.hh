/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to choose from: sizes of instance types, images, subnets. */
#ifndef TOOL_EC2_CATALOG_HH
#define TOOL_EC2_CATALOG_HH

#include "instance_sizes.hh"
#include "json.hh"

#include "ena_instance.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tool::ec2
{

/* Of everything. */
inline constexpr const char *owner = "000000000000", *vpc = "vpc-00000000000000000";

/* What openena run boots: a kernel of Debian and a driver for the adapter, or a cloud image. */
struct Image {
	std::string id, name, kernel, driver;
	std::string file; /* of a cloud image; empty: none, but a kernel */
};
/* Its files are cloud images, for as long as they are there. Once, before anything is asked. */
void take_images_from(const std::string &directory);
[[nodiscard]] std::vector<Image> images();
/* ApiError if there is none of that id. */
[[nodiscard]] Image image_of(const std::string &id);

/* Of a subnet: its first addresses are QEMU's, the last one is that of all. */
inline constexpr uint64_t first_host = 16, last_host = 254;

/* A network of openena run. */
struct Subnet {
	std::string id;
	std::string network; /* user, or private:N */
	std::string prefix; /* of its addresses, up to the last dot */
	uint64_t number; /* N; 0: user */
};
[[nodiscard]] std::vector<Subnet> subnets();
/* Of an id; empty: the default. ApiError if there is none such. */
[[nodiscard]] Subnet subnet_of(const std::string &id);

} // namespace tool::ec2

#endif
