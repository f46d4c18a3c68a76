/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver tells of itself: the page and the debug area of feature 28. */
#ifndef ENA_CORE_DRIVER_INFO_HH
#define ENA_CORE_DRIVER_INFO_HH

#include "snapshot.hh"

namespace ena
{

class DriverInfo {
    public:
	explicit DriverInfo(Host &host) : host_(host)
	{
	}

	/* SET_FEATURE 28. */
	[[nodiscard]] ena_admin_status set(const ena_host_attr &attr);
	/* As in the page when it was given; 0: none was. */
	[[nodiscard]] uint32_t os_type() const
	{
		return os_type_;
	}
	[[nodiscard]] uint32_t driver_version() const
	{
		return driver_version_;
	}
	/* Of the specification that the page names. */
	[[nodiscard]] uint32_t spec_major() const
	{
		return spec_major_;
	}
	/* These read the guest's memory now. */
	void describe(ena_driver_info &info) const;
	[[nodiscard]] size_t read_debug_area(void *buf, size_t size) const;
	void reset()
	{
		page_ = debug_area_ = {};
		debug_area_size_ = os_type_ = driver_version_ = spec_major_ = 0;
	}
	void snapshot(Snapshot &s)
	{
		s.section("driver", 1, Absent::defaults, [&] {
			s.value("page", page_.value);
			s.value("debug area", debug_area_.value);
			s.value("debug area size", debug_area_size_);
			s.value("os type", os_type_);
			s.value("driver version", driver_version_);
			s.value("specification", spec_major_);
		});
	}

    private:
	Host &host_;
	BusAddress page_{};
	BusAddress debug_area_{};
	uint32_t debug_area_size_ = 0;
	uint32_t os_type_ = 0;
	uint32_t driver_version_ = 0;
	uint32_t spec_major_ = 0;
};

} // namespace ena

#endif
