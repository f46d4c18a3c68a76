/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_info.hh"

#include "features.hh"
#include "text.hh"

namespace oe
{

namespace
{

void fill_host_info(oe_kernel *kernel, ena_host_info &info)
{
	oe_host_facts facts = {};

	oek_host_facts(kernel, &facts);
	info = {};
	info.os_type.set(ENA_OS_LINUX);
	static_assert(sizeof(info.kernel_ver_str) == sizeof(facts.kernel_string));
	__builtin_memcpy(info.kernel_ver_str, facts.kernel_string, sizeof(info.kernel_ver_str) - 1);
	info.kernel_ver.set(facts.kernel_version);
	info.driver_version.set(ena::field_put(ENA_DRIVER_MAJOR, facts.driver_version[0]) |
				ena::field_put(ENA_DRIVER_MINOR, facts.driver_version[1]) |
				ena::field_put(ENA_DRIVER_SUBMINOR, facts.driver_version[2]));
	info.spec_version.set(ENA_SPEC_VERSION);
	info.bdf.set(facts.bdf);
	info.num_cpus.set(facts.cpus);
	info.driver_supported_features.set(ENA_DRIVER_RX_OFFSET | ENA_DRIVER_INTERRUPT_MODERATION |
					   ENA_DRIVER_RSS_CONFIGURABLE | ENA_DRIVER_PHC);
}

} // namespace

Status announce_host(AdminQueue &admin, oe_kernel *kernel, DmaBuffer &page)
{
	if (!page.size()) {
		if (Status status = page.allocate(kernel, ENA_HOST_INFO_PAGE); !status)
			return status;
	}
	fill_host_info(kernel, *page.as<ena_host_info>());

	ena_host_attr attributes = {};
	ena::store(attributes.os_info, page.bus().value);
	if (Status status = set_feature(admin, ENA_FEATURE_HOST_ATTR, attributes); !status) {
		if (admin.dead())
			return status;
		oek_log(kernel, OE_LOG_NOTICE, "the device does not take the host information");
	}
	return {};
}

Status announce_debug_area(AdminQueue &admin, oe_kernel *kernel, const DmaBuffer &page,
			   const DmaBuffer &area)
{
	ena_host_attr attributes = {};

	ena::store(attributes.os_info, page.bus().value);
	ena::store(attributes.debug_area, area.bus().value);
	attributes.debug_area_size.set(static_cast<uint32_t>(area.size()));
	if (Status status = set_feature(admin, ENA_FEATURE_HOST_ATTR, attributes); !status) {
		if (admin.dead())
			return status;
		oek_log(kernel, OE_LOG_NOTICE, "the device does not take a debug area");
	}
	return {};
}

} // namespace oe
