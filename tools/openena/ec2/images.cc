// SPDX-License-Identifier: GPL-2.0-or-later
/* DescribeImages: what openena run boots. */
#include "action.hh"
#include "catalog.hh"
#include "filter.hh"
#include "text.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr FilterField image_filters[] = {
	{"image-id", "imageId"},          {"name", "name"},
	{"architecture", "architecture"}, {"ena-support", "enaSupport"},
	{"state", "imageState"},          {"owner-id", "imageOwnerId"},
	{"is-public", "isPublic"},        {"description", "description"},
};

Json image_json(const Image &image)
{
	Json json;

	json.set("imageId", image.id);
	json.set("imageLocation", "openena/" + image.name);
	json.set("imageState", "available");
	json.set("imageOwnerId", owner);
	json.set("isPublic", true);
	json.set("architecture", "x86_64");
	json.set("imageType", "machine");
	json.set("name", image.name);
	json.set("description", image.file.empty()
					? "Debian's Linux " + image.kernel + ", driver " +
						  image.driver + ", root in memory"
					: "cloud image " + printable(image.file));
	json.set("enaSupport", true);
	json.set("rootDeviceType", "instance-store");
	json.set("virtualizationType", "hvm");
	return json;
}

Json describe_images(Context &context, Query &query)
{
	const std::vector<std::string> ids = query.list("ImageId");
	const std::vector<std::string> owners = query.list("Owner");
	const Filters filters(query, image_filters);
	Page page(query, 1, 1000);
	Json result, list{Json::Array{}};

	(void)query.list("ExecutableBy");
	(void)query.boolean("IncludeDeprecated");
	(void)query.boolean("IncludeDisabled");
	context.begin(query);
	for (const std::string &id : ids)
		(void)image_of(id);
	const bool ours = owners.empty() ||
			  std::any_of(owners.begin(), owners.end(), [](const std::string &each) {
				  return each == "self" || each == owner;
			  });
	std::vector<Image> all = images();
	std::sort(all.begin(), all.end(),
		  [](const Image &a, const Image &b) { return a.id < b.id; });
	for (const Image &image : all)
		if (ours &&
		    (ids.empty() || std::find(ids.begin(), ids.end(), image.id) != ids.end())) {
			const Json json = image_json(image);
			if (filters.match(json) && page.take(image.id))
				list.add(json);
		}
	result.set("imagesSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

} // namespace

std::span<const Action> image_actions()
{
	static constexpr Action actions[] = {{"DescribeImages", describe_images}};

	return actions;
}

} // namespace tool::ec2
