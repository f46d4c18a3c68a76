// SPDX-License-Identifier: GPL-2.0-or-later
#include "netlink.hh"

#include "genetlink.hh"

#include <linux/ethtool_netlink.h>

namespace tool
{

namespace
{

/* An attribute that newer kernels have than the headers here. */
constexpr uint16_t rings_tx_push_buf_len = 15;

/* What a request is answered with: attributes by number. */
struct Answer {
	std::array<std::optional<uint32_t>, 64> numbers;
};

int keep(const nlattr *attribute, void *data)
{
	auto *answer = static_cast<Answer *>(data);
	const uint16_t type = mnl_attr_get_type(attribute);

	if (type >= answer->numbers.size())
		return MNL_CB_OK;
	switch (mnl_attr_get_payload_len(attribute)) {
	case 1:
		answer->numbers[type] = mnl_attr_get_u8(attribute);
		break;
	case 2:
		answer->numbers[type] = mnl_attr_get_u16(attribute);
		break;
	case 4:
		answer->numbers[type] = mnl_attr_get_u32(attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int take(const nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(genlmsghdr), keep, data);
}

/* What ethtool's @command tells of an interface; each has its header at the same place. */
std::optional<Answer> ask_ethtool(const std::string &interface, uint8_t command)
{
	Genetlink netlink;
	Answer answer;
	const auto family = netlink.family(ETHTOOL_GENL_NAME);

	if (!family)
		return {};
	nlmsghdr *request = netlink.begin(*family, command);
	nlattr *header = mnl_attr_nest_start(request, ETHTOOL_A_RINGS_HEADER);
	mnl_attr_put_strz(request, ETHTOOL_A_HEADER_DEV_NAME, interface.c_str());
	mnl_attr_nest_end(request, header);
	return netlink.ask(request, take, &answer) ? std::optional(answer) : std::nullopt;
}

} // namespace

std::optional<bool> read_tx_push(const std::string &interface)
{
	const auto rings = ask_ethtool(interface, ETHTOOL_MSG_RINGS_GET);

	if (!rings)
		return {};
	/* A driver that tells of a push buffer has one; of the flag alone only "on" says something. */
	if (rings->numbers[rings_tx_push_buf_len])
		return *rings->numbers[rings_tx_push_buf_len] != 0;
	if (rings->numbers[ETHTOOL_A_RINGS_TX_PUSH].value_or(0))
		return true;
	return {};
}

Moderation read_moderation(const std::string &interface)
{
	const auto told = ask_ethtool(interface, ETHTOOL_MSG_COALESCE_GET);

	if (!told)
		return {};
	return {told->numbers[ETHTOOL_A_COALESCE_USE_ADAPTIVE_RX].has_value(),
		told->numbers[ETHTOOL_A_COALESCE_RX_USECS].has_value(),
		told->numbers[ETHTOOL_A_COALESCE_TX_USECS].has_value()};
}

} // namespace tool
