/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands by which a physical function manages its virtual functions (abi/ena_vf.h). */
#ifndef ENA_CORE_VF_MANAGER_HH
#define ENA_CORE_VF_MANAGER_HH

#include "payload.hh"
#include "snapshot.hh"

#include "abi/ena_vf.h"
#include "ena_vfs.h"

#include <array>
#include <span>

namespace ena
{

/*
 * Keeps what was set, and tells the host. Resets of the physical function change nothing: a
 * virtual function must not get rid of its limits by them. Of it only the mode of the switch is in
 * a snapshot, which is refused while there are virtual functions enabled: without them nothing
 * else is set.
 */
class VfManager {
    public:
	VfManager(Host &host, const ena_config &config) : host_(host), config_(config)
	{
	}

	/* See ena_device_manage_vfs() and ena_device_enable_vfs(). */
	void manage(const ena_vf_ops &ops, void *opaque, unsigned int total,
		    const uint8_t (*macs)[6]);
	void enable(unsigned int count);
	/* See ena_device_set_switch_mode(). */
	void set_first_mode(uint8_t mode);
	/* A reset by the bus. */
	void power_on();
	void snapshot(Snapshot &s);
	[[nodiscard]] bool any() const
	{
		return total_;
	}

	/* These only if there are any. @payload: of the completion, zeroed. */
	[[nodiscard]] ena_admin_status get(const ena_vf_cmd &cmd, Payload payload);
	[[nodiscard]] ena_admin_status set(const ena_vf_cmd &cmd);

    private:
	/* What a command names instead of a virtual function: nothing. */
	[[nodiscard]] static bool is_about_all(uint8_t item)
	{
		return item == ENA_VF_INFO || item == ENA_VF_SWITCH || item == ENA_VF_SWITCH_MODE;
	}
	void set_defaults(unsigned int vf);
	void switch_to(uint8_t mode);
	[[nodiscard]] ena_admin_status check(const char *what, const ena_vf_cmd &cmd);
	[[nodiscard]] ena_admin_status check_vf(const char *what, const ena_vf_cmd &cmd);
	[[nodiscard]] ena_vf_info info() const;
	[[nodiscard]] ena_vf_settings_answer settings(unsigned int vf) const;
	[[nodiscard]] ena_vf_counters count(unsigned int vf) const;
	template <class T> [[nodiscard]] ena_admin_status take(const ena_vf_cmd &cmd, T &value);

	/* These change @to, or refuse. */
	[[nodiscard]] ena_admin_status set_mac(unsigned int vf, const ena_vf_mac &wanted,
					       ena_vf_settings &to);
	[[nodiscard]] ena_admin_status set_vlan(const ena_vf_vlan &wanted, ena_vf_settings &to);
	[[nodiscard]] ena_admin_status set_toggle(uint8_t item, const ena_vf_toggle &wanted,
						  bool &to);
	[[nodiscard]] ena_admin_status set_link(const ena_vf_link &wanted, ena_vf_settings &to);
	[[nodiscard]] ena_admin_status set_rate(const ena_vf_tx_rate &wanted, ena_vf_settings &to);
	[[nodiscard]] ena_admin_status set_mode(const ena_vf_cmd &cmd);
	[[nodiscard]] ena_admin_status change(const ena_vf_cmd &cmd, ena_vf_settings &to);

	Host &host_;
	const ena_config &config_;
	ena_vf_ops ops_{};
	void *opaque_ = nullptr;
	unsigned int total_ = 0; /* 0: this is no physical function that has any */
	unsigned int enabled_ = 0;
	uint8_t mode_ = ENA_VF_SWITCH_VEB;
	uint8_t first_mode_ = ENA_VF_SWITCH_VEB;
	std::array<std::array<uint8_t, 6>, ENA_DEVICE_MAX_VFS> made_{};
	std::array<ena_vf_settings, ENA_DEVICE_MAX_VFS> settings_{};
};

} // namespace ena

#endif
