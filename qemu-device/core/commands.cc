// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands.hh"

#include <bit>
#include <cstring>

namespace ena
{

void Commands::execute(const ena_aq_entry &command, ena_acq_entry &completion)
{
	const uint8_t opcode = command.common.opcode;
	const auto what = Happening(ENA_HISTORY_COMMAND_REFUSED).with(ENA_HISTORY_OPCODE, opcode);

	if (opcode == ENA_ADMIN_GET_FEATURE || opcode == ENA_ADMIN_SET_FEATURE)
		host_.executes(
			what.with(ENA_HISTORY_FEATURE,
				  std::bit_cast<ena_get_feature_cmd>(command).feature.feature_id));
	else
		host_.executes(what);
	completion.common.status = static_cast<uint8_t>(dispatch(command, completion));
}

ena_admin_status Commands::dispatch(const ena_aq_entry &command, ena_acq_entry &completion)
{
	const Payload payload(completion.payload);
	/* A response struct begins with the frame that the completion has already. */
	const auto put = [&](const auto &response, ena_admin_status status) {
		constexpr size_t frame = sizeof(ena_acq_common);
		if (status == ENA_ADMIN_SUCCESS)
			memcpy(payload.data(), reinterpret_cast<const uint8_t *>(&response) + frame,
			       sizeof(response) - frame);
		return status;
	};

	switch (command.common.opcode) {
	case ENA_ADMIN_CREATE_CQ: {
		ena_create_cq_resp resp{};
		const auto status =
			queues_.create_cq(std::bit_cast<ena_create_cq_cmd>(command), resp);
		return put(resp, status);
	}
	case ENA_ADMIN_DESTROY_CQ:
		return queues_.destroy_cq(std::bit_cast<ena_destroy_cq_cmd>(command));
	case ENA_ADMIN_CREATE_SQ: {
		ena_create_sq_resp resp{};
		const auto status =
			queues_.create_sq(std::bit_cast<ena_create_sq_cmd>(command), resp);
		return put(resp, status);
	}
	case ENA_ADMIN_DESTROY_SQ:
		return queues_.destroy_sq(std::bit_cast<ena_destroy_sq_cmd>(command));
	case ENA_ADMIN_GET_FEATURE:
		return features_.get(std::bit_cast<ena_get_feature_cmd>(command), payload);
	case ENA_ADMIN_SET_FEATURE:
		return features_.set(std::bit_cast<ena_set_feature_cmd>(command), payload);
	case ENA_ADMIN_GET_STATS:
		return metrics_.get(std::bit_cast<ena_get_stats_cmd>(command), payload);
	case ENA_ADMIN_VF_GET:
		if (vfs_.any())
			return vfs_.get(std::bit_cast<ena_vf_cmd>(command), payload);
		break;
	case ENA_ADMIN_VF_SET:
		if (vfs_.any())
			return vfs_.set(std::bit_cast<ena_vf_cmd>(command));
		break;
	default:
		break;
	}
	return host_.refuse(ENA_ADMIN_BAD_OPCODE, "admin command with unknown opcode %u",
			    command.common.opcode);
}

} // namespace ena
