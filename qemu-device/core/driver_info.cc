// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver_info.hh"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace ena
{

namespace
{
constexpr const char *os_names[] = {"unknown", "Linux", "Windows", "DPDK",
				    "FreeBSD", "iPXE",  "ESXi"};

constexpr const char *os_name(uint32_t os_type)
{
	return os_type < std::size(os_names) ? os_names[os_type] : "unknown";
}

/* Bit 0 and what has no name here are not in use. */
constexpr const char *feature_names[] = {
	nullptr,
	"rx-offset",
	"interrupt-moderation",
	"rx-buffer-mirroring",
	"rss-configurable-function-key",
	nullptr,
	"rx-page-reuse",
	"tx-ipv6-checksum-offload",
	"phc",
	"debug-area-extended",
};

constexpr bool printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* A guest's text, which may lack its end and hold anything. */
template <size_t from_size, size_t to_size>
void copy_text(char (&to)[to_size], const char (&from)[from_size])
{
	static_assert(to_size > from_size);
	size_t n = 0;
	for (; n < from_size && from[n]; n++)
		to[n] = printable(from[n]) ? from[n] : '?';
	to[n] = 0;
}

/* The length of a line "name value\n" at the beginning of @text; 0: it is none. */
size_t line_length(const char *text, size_t size)
{
	const char *end = std::find(text, text + size, '\n');
	const char *last = end;

	if (end == text + size)
		return 0;
	while (last > text && last[-1] >= '0' && last[-1] <= '9')
		last--;
	if (last == end || last - text < 2 || last[-1] != ' ' ||
	    !std::all_of(text, last, printable))
		return 0;
	return static_cast<size_t>(end - text) + 1;
}
} // namespace

ena_admin_status DriverInfo::set(const ena_host_attr &attr)
{
	const BusAddress page = bus_address(attr.os_info);
	ena_host_info info{};

	if (!page)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 28: host information page at address 0");
	if (!host_.read(page, &info, sizeof(info)))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "SET_FEATURE 28: host information page at 0x%llx cannot be "
				    "read",
				    static_cast<unsigned long long>(page.value));
	page_ = page;
	debug_area_ = bus_address(attr.debug_area);
	debug_area_size_ = attr.debug_area_size.get();
	os_type_ = info.os_type.get();
	driver_version_ = info.driver_version.get();
	spec_major_ = field_get(ENA_SPEC_MAJOR, info.spec_version.get());
	host_.tell(Happening(ENA_HISTORY_DRIVER),
		   "driver on %s: OS type %u, version %u.%u.%u, specification %u.%u",
		   os_name(os_type_), os_type_, field_get(ENA_DRIVER_MAJOR, driver_version_),
		   field_get(ENA_DRIVER_MINOR, driver_version_),
		   field_get(ENA_DRIVER_SUBMINOR, driver_version_), spec_major_,
		   field_get(ENA_SPEC_MINOR, info.spec_version.get()));
	return ENA_ADMIN_SUCCESS;
}

void DriverInfo::describe(ena_driver_info &d) const
{
	ena_host_info info{};

	d = {};
	d.os_name = os_name(0);
	d.address = page_.value;
	d.debug_address = debug_area_size_ ? debug_area_.value : 0;
	d.debug_size = debug_area_ ? debug_area_size_ : 0;
	d.readable = page_ && host_.peek(page_, &info, sizeof(info));
	if (!d.readable)
		return;
	d.os_type = info.os_type.get();
	d.os_name = os_name(d.os_type);
	copy_text(d.distribution, info.os_dist_str);
	copy_text(d.kernel, info.kernel_ver_str);
	d.distribution_code = info.os_dist.get();
	d.kernel_code = info.kernel_ver.get();
	const uint32_t version = info.driver_version.get();
	d.driver_major = static_cast<uint8_t>(field_get(ENA_DRIVER_MAJOR, version));
	d.driver_minor = static_cast<uint8_t>(field_get(ENA_DRIVER_MINOR, version));
	d.driver_subminor = static_cast<uint8_t>(field_get(ENA_DRIVER_SUBMINOR, version));
	d.driver_module = static_cast<uint8_t>(field_get(ENA_DRIVER_MODULE_TYPE, version));
	const uint32_t spec = info.spec_version.get();
	d.spec_major = static_cast<uint8_t>(field_get(ENA_SPEC_MAJOR, spec));
	d.spec_minor = static_cast<uint8_t>(field_get(ENA_SPEC_MINOR, spec));
	d.bdf = info.bdf.get();
	d.cpus = info.num_cpus.get();
	d.network_features[0] = info.supported_network_features[0].get();
	d.network_features[1] = info.supported_network_features[1].get();
	d.features = info.driver_supported_features.get();
}

size_t DriverInfo::read_debug_area(void *buf, size_t size) const
{
	const size_t n = std::min<size_t>({size, debug_area_size_, ENA_DEBUG_AREA_MAX});

	return n && debug_area_ && host_.peek(debug_area_, buf, n) ? n : 0;
}

} // namespace ena

extern "C" const char *ena_driver_feature_name(unsigned int bit)
{
	return bit < std::size(ena::feature_names) ? ena::feature_names[bit] : nullptr;
}

extern "C" size_t ena_debug_area_text(const void *buf, size_t size)
{
	const char *text = static_cast<const char *>(buf);
	size_t length = 0;

	while (length < size && text[length]) {
		const size_t line = ena::line_length(text + length, size - length);
		/* The last one may be cut off. */
		if (!line)
			return memchr(text + length, '\n', size - length) ? 0 : length;
		length += line;
	}
	return length;
}
