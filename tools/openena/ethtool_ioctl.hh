/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of ethtool to the kernel. */
#ifndef TOOL_ETHTOOL_IOCTL_HH
#define TOOL_ETHTOOL_IOCTL_HH

#include "descriptor.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <vector>

namespace tool
{

class Ioctl {
    public:
	explicit Ioctl(const std::string &interface) : socket_(::socket(AF_INET, SOCK_DGRAM, 0))
	{
		if (interface.size() >= sizeof(request_.ifr_name))
			throw Trouble(format("interface %s: a name has at most %zu letters",
					     printable(interface, 40).c_str(),
					     sizeof(request_.ifr_name) - 1));
		if (!socket_)
			throw Trouble(
				format("no socket to ask the kernel with: %s", strerror(errno)));
		std::copy(interface.begin(), interface.end(), request_.ifr_name);
	}
	/* False: errno says why. */
	template <typename T> bool operator()(T *command)
	{
		request_.ifr_data = reinterpret_cast<char *>(command);
		return ::ioctl(socket_.get(), SIOCETHTOOL, &request_) == 0;
	}

    private:
	Descriptor socket_;
	ifreq request_{};
};

/* A command of the kernel with an array of @count items behind it. */
template <typename Header, typename Item> class WithArray {
    public:
	explicit WithArray(size_t count)
	    : words_((sizeof(Header) + count * sizeof(Item) + 7) / 8), count_(count)
	{
	}
	Header *header()
	{
		return reinterpret_cast<Header *>(words_.data());
	}
	Item *items()
	{
		return reinterpret_cast<Item *>(header() + 1);
	}
	[[nodiscard]] size_t count() const
	{
		return count_;
	}

    private:
	std::vector<uint64_t> words_;
	size_t count_;
};

} // namespace tool

#endif
