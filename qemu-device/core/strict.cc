// SPDX-License-Identifier: GPL-2.0-or-later
#include "strict.hh"

#include <bit>

namespace ena
{

namespace
{
constexpr uint32_t needed_spec_major = 2;
constexpr uint8_t known_flags = ENA_AQ_PHASE | ENA_AQ_CTRL_DATA | ENA_AQ_CTRL_DATA_INDIRECT;
/* CREATE_SQ, caps2: completion by descriptor is the only policy that drivers use. */
constexpr uint32_t completion_policy = ENA_MASK(6, 4);
constexpr uint32_t tx_reserved = ENA_BIT(22) | ENA_BIT(25) | ENA_MASK(31, 29);
constexpr uint32_t tx_word1_reserved = ENA_MASK(21, 18);
constexpr uint32_t tx_meta_reserved = tx_reserved | ENA_MASK(13, 0);
constexpr uint8_t rx_ctrl_reserved = ENA_BIT(1) | ENA_MASK(7, 6);

ena_admin_status check_address(Host &host, const char *what, const ena_mem_addr &address)
{
	if (!address.mbz.get())
		return ENA_ADMIN_SUCCESS;
	return host.refuse(ENA_ADMIN_MALFORMED_REQUEST,
			   "strict: %s: bits 63:48 of an address are 0x%x, must be 0", what,
			   address.mbz.get());
}

ena_admin_status check_create_cq(Host &host, const ena_create_cq_cmd &cmd, const Preparations &done)
{
	if (!done.spec_major)
		return host.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				   "strict: CREATE_CQ before a host information page was set "
				   "(SET_FEATURE 28)");
	if (done.spec_major != needed_spec_major)
		return host.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				   "strict: CREATE_CQ: the host information page names "
				   "specification %u, must be %u",
				   done.spec_major, needed_spec_major);
	return check_address(host, "CREATE_CQ", cmd.base);
}

ena_admin_status check_create_sq(Host &host, const ena_create_sq_cmd &cmd)
{
	const uint32_t policy = field_get(completion_policy, cmd.caps2);

	if (!(cmd.caps3 & ENA_SQ_CAPS3_CONTIGUOUS))
		return host.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				   "strict: CREATE_SQ: the ring is not said to be contiguous, "
				   "which CAPS asks for");
	if (policy)
		return host.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				   "strict: CREATE_SQ: completion policy %u, must be 0 "
				   "(descriptors)",
				   policy);
	return check_address(host, "CREATE_SQ", cmd.base);
}
} // namespace

ena_admin_status check_strictly(Host &host, const ena_aq_entry &command, const Preparations &done)
{
	const uint16_t id = command.common.command_id.get();

	if (!done.event_queue)
		return host.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				   "strict: admin command %u before the event queue was given a "
				   "ring (AENQ_CAPS)",
				   command.common.opcode);
	if (id & ~ENA_AQ_COMMAND_ID || command.common.flags & ~known_flags)
		return host.refuse(
			ENA_ADMIN_MALFORMED_REQUEST,
			"strict: admin command with id 0x%x and flags 0x%x, of which only "
			"0x%x and 0x%x may be set",
			id, command.common.flags, ENA_AQ_COMMAND_ID, known_flags);
	switch (command.common.opcode) {
	case ENA_ADMIN_CREATE_CQ:
		return check_create_cq(host, std::bit_cast<ena_create_cq_cmd>(command), done);
	case ENA_ADMIN_CREATE_SQ:
		return check_create_sq(host, std::bit_cast<ena_create_sq_cmd>(command));
	case ENA_ADMIN_GET_FEATURE:
	case ENA_ADMIN_SET_FEATURE:
		return check_address(host, "feature command", command.ctrl.address);
	default:
		return ENA_ADMIN_SUCCESS;
	}
}

const char *check_strictly(const ena_tx_desc &desc)
{
	const uint32_t word0 = desc.word0.get(), word1 = desc.word1.get();
	const bool meta = word0 & ENA_TXD_META;

	if (word0 & (meta ? tx_meta_reserved : tx_reserved))
		return "strict: a descriptor has reserved bits set in its first word";
	if (word1 & (meta ? UINT32_MAX : tx_word1_reserved))
		return "strict: a descriptor has reserved bits set in its second word";
	return nullptr;
}

const char *check_strictly(const ena_rx_desc &desc)
{
	if (desc.ctrl & rx_ctrl_reserved || desc.reserved2 || desc.reserved6.get() ||
	    desc.reserved14.get())
		return "strict: a descriptor has reserved bits set";
	return nullptr;
}

} // namespace ena
