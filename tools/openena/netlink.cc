// SPDX-License-Identifier: GPL-2.0-or-later
#include "netlink.hh"

#include <array>
#include <ctime>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <memory>
#include <sys/time.h>

namespace tool
{

namespace
{

/* An attribute that newer kernels have than the headers here. */
constexpr uint16_t rings_tx_push_buf_len = 15;

struct Close {
	void operator()(mnl_socket *socket) const
	{
		mnl_socket_close(socket);
	}
};

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

class Genetlink {
    public:
	Genetlink() : socket_(mnl_socket_open(NETLINK_GENERIC))
	{
		/* The kernel answers at once, or not at all. */
		const timeval limit{2, 0};
		if (socket_ && (mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) ||
				setsockopt(mnl_socket_get_fd(socket_.get()), SOL_SOCKET,
					   SO_RCVTIMEO, &limit, sizeof(limit))))
			socket_.reset();
	}
	explicit operator bool() const
	{
		return socket_ != nullptr;
	}
	/* A request to be filled in by the caller. */
	nlmsghdr *begin(uint16_t family, uint8_t command)
	{
		nlmsghdr *header = mnl_nlmsg_put_header(buffer_.data());
		header->nlmsg_type = family;
		header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		header->nlmsg_seq = ++sequence_;
		auto *generic = static_cast<genlmsghdr *>(
			mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
		generic->cmd = command;
		generic->version = 1;
		return header;
	}
	std::optional<Answer> ask(const nlmsghdr *header)
	{
		Answer answer;
		const unsigned int port = mnl_socket_get_portid(socket_.get());

		if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0)
			return {};
		for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
			const ssize_t n =
				mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
			if (n <= 0)
				return {};
			more = mnl_cb_run(buffer_.data(), static_cast<size_t>(n), sequence_, port,
					  take, &answer);
			if (more < 0)
				return {};
		}
		return answer;
	}

    private:
	std::unique_ptr<mnl_socket, Close> socket_;
	alignas(8) std::array<char, 16384> buffer_{};
	unsigned int sequence_ = 0;
};

/* What ethtool's @command tells of an interface; each has its header at the same place. */
std::optional<Answer> ask_ethtool(const std::string &interface, uint8_t command)
{
	Genetlink netlink;

	if (!netlink)
		return {};
	nlmsghdr *request = netlink.begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
	const auto family = netlink.ask(request);
	if (!family || !family->numbers[CTRL_ATTR_FAMILY_ID])
		return {};
	request = netlink.begin(static_cast<uint16_t>(*family->numbers[CTRL_ATTR_FAMILY_ID]),
				command);
	nlattr *header = mnl_attr_nest_start(request, ETHTOOL_A_RINGS_HEADER);
	mnl_attr_put_strz(request, ETHTOOL_A_HEADER_DEV_NAME, interface.c_str());
	mnl_attr_nest_end(request, header);
	return netlink.ask(request);
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
