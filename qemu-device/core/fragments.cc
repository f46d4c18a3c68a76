// SPDX-License-Identifier: GPL-2.0-or-later
#include "fragments.hh"

namespace ena
{

ena_admin_status Fragments::set(const ena_frag_bypass &wanted)
{
	if (wanted.enable > 1)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 8: fragment bypass %u, must be 0 or 1",
				    wanted.enable);
	bypass_ = wanted.enable;
	host_.trace("fragment bypass %s", bypass_ ? "on" : "off");
	return ENA_ADMIN_SUCCESS;
}

bool Fragments::may_send(const net::Packet &packet, uint64_t now_ns)
{
	if (!packet.fragment)
		return true;
	bucket_.refill(now_ns);
	if (!bucket_.ready())
		return false;
	bucket_.take_one();
	return true;
}

} // namespace ena
