/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a physical function sets for its virtual functions, by OpenENA's extension of ENA. */
#ifndef OPENENA_CORE_VF_MANAGER_HH
#define OPENENA_CORE_VF_MANAGER_HH

#include "../../abi/ena_vf.h"
#include "admin_queue.hh"
#include "features.hh"
#include "text.hh"

namespace oe
{

/* Process context. The settings are the device's, who keeps them over a reset. */
class VfManager {
    public:
	/* Find out whether the device has the extension. A failure is logged, and means no. */
	void start(oe_kernel *kernel, AdminQueue &admin, const Features &features);

	[[nodiscard]] Status get(AdminQueue &admin, uint32_t vf, oe_vf_config &config) const;
	[[nodiscard]] Status get(AdminQueue &admin, uint32_t vf, oe_vf_stats &stats) const;

	/* @why: of a refusal. */
	[[nodiscard]] Status set_mac(AdminQueue &admin, uint32_t vf, const uint8_t *mac,
				     Refusal &why) const;
	[[nodiscard]] Status set_vlan(AdminQueue &admin, uint32_t vf, uint32_t vlan,
				      uint32_t priority, uint32_t protocol, Refusal &why) const;
	/* @item: ENA_VF_SPOOF_CHECK or ENA_VF_TRUST. */
	[[nodiscard]] Status set_toggle(AdminQueue &admin, uint32_t vf, ena_vf_item item, bool on,
					Refusal &why) const;
	[[nodiscard]] Status set_link(AdminQueue &admin, uint32_t vf, uint32_t link,
				      Refusal &why) const;
	[[nodiscard]] Status set_rate(AdminQueue &admin, uint32_t vf, uint32_t min_mbps,
				      uint32_t max_mbps, Refusal &why) const;
	/* Of the switch: enum oe_switch_mode. What it is can be asked in any context. */
	[[nodiscard]] Status get_mode(uint32_t &mode) const;
	[[nodiscard]] Status set_mode(AdminQueue &admin, uint32_t mode, Refusal &why);

    private:
	template <class T>
	[[nodiscard]] Result<T> ask(AdminQueue &admin, uint32_t vf, ena_vf_item item) const;
	template <class T>
	[[nodiscard]] Status tell(AdminQueue &admin, uint32_t vf, ena_vf_item item, const T &data,
				  Refusal &why) const;
	[[nodiscard]] Status check(uint32_t vf, ena_vf_item item, Refusal &why) const;

	void read_mode(AdminQueue &admin);

	uint32_t items_ = 0; /* bit = enum ena_vf_item; 0: no extension */
	uint32_t total_ = 0; /* virtual functions that there can be */
	uint32_t mode_ = OE_SWITCH_VEB; /* as the device said or was told last */
};

} // namespace oe

#endif
