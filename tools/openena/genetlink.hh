/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the kernel's families of generic netlink. */
#ifndef TOOL_GENETLINK_HH
#define TOOL_GENETLINK_HH

#include <array>
#include <cstdint>
#include <ctime>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <memory>
#include <optional>
#include <sys/time.h>

namespace tool
{

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
	/* The number of a family; none if this kernel has none such. */
	std::optional<uint16_t> family(const char *name)
	{
		std::optional<uint16_t> number;

		if (!socket_)
			return {};
		nlmsghdr *request = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
		mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, name);
		const auto keep = [](const nlmsghdr *header, void *data) {
			const auto one = [](const nlattr *attribute, void *to) {
				if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID &&
				    mnl_attr_get_payload_len(attribute) == sizeof(uint16_t))
					*static_cast<std::optional<uint16_t> *>(to) =
						mnl_attr_get_u16(attribute);
				return MNL_CB_OK;
			};
			return mnl_attr_parse(header, sizeof(genlmsghdr), one, data);
		};
		return ask(request, keep, &number) ? number : std::nullopt;
	}
	/* A request to be filled in by the caller; @flags: NLM_F_DUMP asks for all there are. */
	nlmsghdr *begin(uint16_t family, uint8_t command, uint16_t flags = NLM_F_ACK)
	{
		nlmsghdr *header = mnl_nlmsg_put_header(buffer_.data());
		header->nlmsg_type = family;
		header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
		header->nlmsg_seq = ++sequence_;
		auto *generic = static_cast<genlmsghdr *>(
			mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
		generic->cmd = command;
		generic->version = 1;
		return header;
	}
	/* Calls @take with @data for each message of the answer; false: refused. */
	bool ask(const nlmsghdr *header, mnl_cb_t take, void *data)
	{
		const unsigned int port = mnl_socket_get_portid(socket_.get());

		if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0)
			return false;
		for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
			const ssize_t n =
				mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
			if (n <= 0)
				return false;
			more = mnl_cb_run(buffer_.data(), static_cast<size_t>(n), sequence_, port,
					  take, data);
			if (more < 0)
				return false;
		}
		return true;
	}

    private:
	struct Close {
		void operator()(mnl_socket *socket) const
		{
			mnl_socket_close(socket);
		}
	};
	std::unique_ptr<mnl_socket, Close> socket_;
	alignas(8) std::array<char, 16384> buffer_{};
	unsigned int sequence_ = 0;
};

} // namespace tool

#endif
