// SPDX-License-Identifier: GPL-2.0-or-later
/* The settings of an interface that can be changed, one by one. */
#include "ethtool.hh"

#include "ethtool_ioctl.hh"
#include "netlink.hh"

namespace tool
{

namespace
{

/* A number in one of the kernel's structs, which are read, changed and written as a whole. */
template <typename T> struct Field {
	uint32_t get, set;
	uint32_t T::*member;
};

constexpr Field<ethtool_channels> queues{ETHTOOL_GCHANNELS, ETHTOOL_SCHANNELS,
					 &ethtool_channels::combined_count};
constexpr Field<ethtool_ringparam> rx_ring{ETHTOOL_GRINGPARAM, ETHTOOL_SRINGPARAM,
					   &ethtool_ringparam::rx_pending};
constexpr Field<ethtool_ringparam> tx_ring{ETHTOOL_GRINGPARAM, ETHTOOL_SRINGPARAM,
					   &ethtool_ringparam::tx_pending};
constexpr Field<ethtool_coalesce> rx_usecs{ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE,
					   &ethtool_coalesce::rx_coalesce_usecs};
constexpr Field<ethtool_coalesce> tx_usecs{ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE,
					   &ethtool_coalesce::tx_coalesce_usecs};
constexpr Field<ethtool_coalesce> adaptive{ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE,
					   &ethtool_coalesce::use_adaptive_rx_coalesce};

template <typename T> std::optional<uint32_t> read(Ioctl &ask, const Field<T> &field)
{
	T all{};

	all.cmd = field.get;
	return ask(&all) ? std::optional(all.*field.member) : std::nullopt;
}

template <typename T> bool write(Ioctl &ask, const Field<T> &field, uint32_t value)
{
	T all{};

	all.cmd = field.get;
	if (!ask(&all))
		return false;
	if (all.*field.member == value)
		return true; /* the kernel minds a change that is none */
	all.cmd = field.set;
	all.*field.member = value;
	return ask(&all);
}

bool write_rss(Ioctl &ask, const std::string &value)
{
	const auto entries = split(value, ' ');
	WithArray<ethtool_rxfh_indir, uint32_t> table(entries.size());

	table.header()->cmd = ETHTOOL_SRXFHINDIR;
	table.header()->size = static_cast<uint32_t>(entries.size());
	for (size_t i = 0; i < entries.size(); i++)
		table.items()[i] =
			static_cast<uint32_t>(number_within(entries[i], 0, 1023, "RSS: queue"));
	return ask(table.header());
}

std::optional<std::string> read_rss(const std::string &interface)
{
	std::string text;

	for (const uint32_t queue : read_link(interface).rss_table)
		text += (text.empty() ? "" : " ") + std::to_string(queue);
	return text.empty() ? std::nullopt : std::optional(text);
}

} // namespace

std::optional<std::string> read_link_setting(const std::string &interface, const std::string &knob)
{
	Ioctl ask(interface);
	std::optional<uint32_t> value;

	if (knob == "rss")
		return read_rss(interface);
	if (knob == "queues")
		value = read(ask, queues);
	else if (knob == "rx-ring")
		value = read(ask, rx_ring);
	else if (knob == "tx-ring")
		value = read(ask, tx_ring);
	else if (knob == "rx-usecs" && read_moderation(interface).rx_usecs)
		value = read(ask, rx_usecs);
	else if (knob == "tx-usecs" && read_moderation(interface).tx_usecs)
		value = read(ask, tx_usecs);
	else if (knob == "adaptive-rx" && read_moderation(interface).adaptive_rx)
		value = read(ask, adaptive);
	if (value && knob == "adaptive-rx")
		return *value ? "on" : "off";
	return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

void write_link_setting(const std::string &interface, const std::string &knob,
			const std::string &value)
{
	Ioctl ask(interface);
	const auto number = [&] {
		return static_cast<uint32_t>(number_within(value, 0, UINT32_MAX, knob));
	};
	bool done = false;

	errno = EOPNOTSUPP;
	if (knob == "queues")
		done = write(ask, queues, number());
	else if (knob == "rx-ring")
		done = write(ask, rx_ring, number());
	else if (knob == "tx-ring")
		done = write(ask, tx_ring, number());
	else if (knob == "rx-usecs")
		done = write(ask, rx_usecs, number());
	else if (knob == "tx-usecs")
		done = write(ask, tx_usecs, number());
	else if (knob == "adaptive-rx")
		done = write(ask, adaptive, value == "on");
	else if (knob == "rss")
		done = write_rss(ask, value);
	if (!done)
		throw Trouble(format("%s of %s cannot be set to %s: %s", printable(knob).c_str(),
				     interface.c_str(), printable(value, 40).c_str(),
				     strerror(errno)));
}

} // namespace tool
