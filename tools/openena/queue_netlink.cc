// SPDX-License-Identifier: GPL-2.0-or-later
#include "queue_netlink.hh"

#include "genetlink.hh"

namespace tool
{

namespace
{

/* linux/netdev.h of Linux 6.12, which is newer than the headers that this is built with. */
constexpr const char *netdev_family = "netdev";
enum : uint8_t { queue_get = 10, qstats_get = 12 };
enum : uint16_t { queue_number = 1, queue_ifindex, queue_direction, queue_napi };
enum : uint16_t {
	qstats_ifindex = 1,
	qstats_direction,
	qstats_number,
	qstats_scope,
	qstats_rx_packets = 8,
	qstats_rx_bytes,
	qstats_tx_packets,
	qstats_tx_bytes,
	qstats_rx_hw_drops = 13,
	qstats_tx_hw_drops = 24,
};
constexpr uint32_t scope_queue = 1;

using Numbers = std::array<std::optional<uint64_t>, 32>;

int keep_number(const nlattr *attribute, void *data)
{
	const uint16_t type = mnl_attr_get_type(attribute);
	auto &numbers = *static_cast<Numbers *>(data);

	if (type >= numbers.size())
		return MNL_CB_OK;
	/* A netlink "uint" has 4 bytes or 8. */
	if (mnl_attr_get_payload_len(attribute) == sizeof(uint32_t))
		numbers[type] = mnl_attr_get_u32(attribute);
	else if (mnl_attr_get_payload_len(attribute) == sizeof(uint64_t))
		numbers[type] = mnl_attr_get_u64(attribute);
	return MNL_CB_OK;
}

/* The numbers of each object of a dump. */
std::vector<Numbers> dump(uint8_t command, uint16_t ifindex_is, uint32_t ifindex,
			  std::optional<uint16_t> scope_is = {})
{
	Genetlink netlink;
	std::vector<Numbers> all;
	const auto family = netlink.family(netdev_family);

	if (!family)
		return all;
	nlmsghdr *request = netlink.begin(*family, command, NLM_F_DUMP);
	mnl_attr_put_u32(request, ifindex_is, ifindex);
	if (scope_is)
		mnl_attr_put_u32(request, *scope_is, scope_queue);
	const auto take = [](const nlmsghdr *header, void *data) {
		auto &to = *static_cast<std::vector<Numbers> *>(data);
		if (to.size() >= 2 * most_queues)
			return MNL_CB_OK;
		return mnl_attr_parse(header, sizeof(genlmsghdr), keep_number, &to.emplace_back());
	};
	if (!netlink.ask(request, take, &all))
		all.clear();
	return all;
}

} // namespace

QueueCounts read_queue_stats(uint32_t interface_index)
{
	QueueCounts queues;

	for (const Numbers &n : dump(qstats_get, qstats_ifindex, interface_index, qstats_scope)) {
		if (n[qstats_number].value_or(most_queues) >= most_queues || !n[qstats_direction])
			continue;
		const auto number = static_cast<uint32_t>(*n[qstats_number]);
		if (*n[qstats_direction])
			queues[{Direction::tx, number}] = {n[qstats_tx_packets], n[qstats_tx_bytes],
							   n[qstats_tx_hw_drops]};
		else
			queues[{Direction::rx, number}] = {n[qstats_rx_packets], n[qstats_rx_bytes],
							   n[qstats_rx_hw_drops]};
	}
	return queues;
}

std::map<uint32_t, uint32_t> read_napi_queues(uint32_t interface_index)
{
	std::map<uint32_t, uint32_t> queues;

	for (const Numbers &n : dump(queue_get, queue_ifindex, interface_index))
		if (n[queue_napi] && n[queue_number].value_or(most_queues) < most_queues)
			queues[static_cast<uint32_t>(*n[queue_napi])] =
				static_cast<uint32_t>(*n[queue_number]);
	return queues;
}

} // namespace tool
