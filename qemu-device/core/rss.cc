// SPDX-License-Identifier: GPL-2.0-or-later
#include "rss.hh"

#include "rss_key.hh"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace ena
{

namespace
{
constexpr uint16_t addresses = ENA_RSS_L3_SA | ENA_RSS_L3_DA;
constexpr uint16_t ports = ENA_RSS_L4_SP | ENA_RSS_L4_DP;
constexpr uint16_t supported_sort = ENA_RSS_SORT_L3 | ENA_RSS_SORT_L4;

/*
 * Ethernet addresses are a legal choice for frames without IP, which drivers
 * insist on; such frames have no hash and go to entry 0 all the same.
 */
constexpr std::array<uint16_t, ENA_RSS_PROTO_COUNT> supported_fields = {
	addresses | ports, /* TCP4 */
	addresses | ports, /* UDP4 */
	addresses | ports, /* TCP6 */
	addresses | ports, /* UDP6 */
	addresses, /* IP4 */
	addresses, /* IP6 */
	addresses, /* IP4_FRAG */
	ENA_RSS_L2_DA | ENA_RSS_L2_SA, /* NOT_IP */
	addresses | ports, /* TCP6_EX */
	addresses, /* IP6_EX */
};

ena_rss_proto protocol_of(const net::Packet &packet)
{
	switch (packet.l3) {
	case net::L3::ipv4:
		if (packet.fragment)
			return ENA_RSS_IP4_FRAG;
		if (packet.l4 == net::L4::none)
			return ENA_RSS_IP4;
		return packet.l4 == net::L4::tcp ? ENA_RSS_TCP4 : ENA_RSS_UDP4;
	case net::L3::ipv6:
		if (packet.ipv6_ext)
			return packet.l4 == net::L4::tcp ? ENA_RSS_TCP6_EX : ENA_RSS_IP6_EX;
		if (packet.l4 == net::L4::none)
			return ENA_RSS_IP6;
		return packet.l4 == net::L4::tcp ? ENA_RSS_TCP6 : ENA_RSS_UDP6;
	case net::L3::none:
		break;
	}
	return ENA_RSS_NOT_IP;
}

/* The bytes to hash, in their order. */
class HashInput {
    public:
	/* Appends what @want selects of a pair; with @sort the lower of the two comes first. */
	void add_pair(std::span<const uint8_t> source, std::span<const uint8_t> destination,
		      bool want_source, bool want_destination, bool sort)
	{
		if (sort && want_source && want_destination &&
		    std::lexicographical_compare(destination.begin(), destination.end(),
						 source.begin(), source.end()))
			std::swap(source, destination);
		if (want_source)
			add(source);
		if (want_destination)
			add(destination);
	}
	[[nodiscard]] std::span<const uint8_t> bytes() const
	{
		return {bytes_.data(), length_};
	}

    private:
	void add(std::span<const uint8_t> part)
	{
		const size_t n = std::min(part.size(), bytes_.size() - length_);
		std::copy_n(part.begin(), n, bytes_.begin() + length_);
		length_ += n;
	}

	std::array<uint8_t, net::toeplitz_max_input> bytes_;
	size_t length_ = 0;
};
} // namespace

uint32_t Rss::hash(const net::Packet &packet, std::span<const uint8_t> head) const
{
	const uint16_t fields = fields_[protocol_of(packet)];
	HashInput input;

	if (packet.l3 == net::L3::none || !(fields & (addresses | ports)))
		return 0;
	input.add_pair(packet.source(head), packet.destination(head), fields & ENA_RSS_L3_SA,
		       fields & ENA_RSS_L3_DA, sort_ & ENA_RSS_SORT_L3);
	input.add_pair(packet.source_port(head), packet.destination_port(head),
		       fields & ENA_RSS_L4_SP, fields & ENA_RSS_L4_DP, sort_ & ENA_RSS_SORT_L4);
	return toeplitz_.hash(input.bytes(), init_);
}

Rss::Result Rss::classify(const net::Packet &packet, std::span<const uint8_t> head) const
{
	const uint32_t value = hash(packet, head);
	const uint16_t queue = table_[value & ((1u << log_size_) - 1)];

	if (queue == unset)
		return {value, std::nullopt};
	return {value, QueueIndex{queue}};
}

/* The adapter consumes the key from its last byte to its first. */
void Rss::apply_key()
{
	net::ToeplitzKey key;
	std::reverse_copy(key_.begin(), key_.end(), key.bytes.begin());
	toeplitz_.set_key(key);
}

void Rss::reset()
{
	key_ = default_rss_key;
	key_set_ = false;
	apply_key();
	init_ = 0;
	log_size_ = max_log_size;
	table_.fill(unset);
	fields_ = supported_fields;
	sort_ = 0;
}

/* Feature 10 */

ena_admin_status Rss::get(ena_rss_hash_function &payload, const ena_ctrl_buffer &ctrl)
{
	payload.supported.set(ENA_RSS_FUNCTION_TOEPLITZ);
	payload.selected.set(ENA_RSS_FUNCTION_TOEPLITZ);
	payload.init_val.set(init_);

	/* Drivers prepare their own key in this very buffer before they ask for the first time. */
	const BusAddress to = bus_address(ctrl.address);
	if (!to || !key_set_)
		return ENA_ADMIN_SUCCESS;
	ena_rss_key out{};
	if (ctrl.length.get() < sizeof(out))
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "GET_FEATURE 10: key buffer of %u bytes, %zu are needed",
				    ctrl.length.get(), sizeof(out));
	out.parts.set(ENA_RSS_KEY_WORDS);
	std::copy(key_.begin(), key_.end(), out.key);
	if (!host_.write(to, &out, sizeof(out)))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "GET_FEATURE 10: the key buffer cannot be written");
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Rss::set(const ena_rss_hash_function &payload, const ena_ctrl_buffer &ctrl)
{
	const BusAddress from = bus_address(ctrl.address);

	if (payload.selected.get() != ENA_RSS_FUNCTION_TOEPLITZ)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 10: hash function mask 0x%x, only 0x%x (Toeplitz) "
				    "is offered",
				    payload.selected.get(), ENA_RSS_FUNCTION_TOEPLITZ);
	if (from) {
		ena_rss_key in{};
		if (ctrl.length.get() < sizeof(in))
			return host_.refuse(
				ENA_ADMIN_MALFORMED_REQUEST,
				"SET_FEATURE 10: key buffer of %u bytes, %zu are needed",
				ctrl.length.get(), sizeof(in));
		if (!host_.read(from, &in, sizeof(in)))
			return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
					    "SET_FEATURE 10: the key buffer cannot be read");
		if (in.parts.get() != ENA_RSS_KEY_WORDS)
			return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
					    "SET_FEATURE 10: key of %u words, must be %u",
					    in.parts.get(), ENA_RSS_KEY_WORDS);
		std::copy(std::begin(in.key), std::end(in.key), key_.begin());
		apply_key();
		key_set_ = true;
	}
	init_ = payload.init_val.get();
	return ENA_ADMIN_SUCCESS;
}

/* Feature 12 */

ena_admin_status Rss::get(ena_rss_indirection &payload, const ena_ctrl_buffer &ctrl)
{
	const size_t count = size_t{1} << log_size_;
	const BusAddress to = bus_address(ctrl.address);

	payload.min_size.set(min_log_size);
	payload.max_size.set(max_log_size);
	payload.size.set(static_cast<uint16_t>(log_size_));
	payload.inline_index.set(ENA_RSS_INDEX_WHOLE_TABLE);
	if (!to)
		return ENA_ADMIN_SUCCESS;

	std::array<ena_rss_entry, 1u << max_log_size> out{};
	const size_t bytes = count * sizeof(out[0]);
	if (ctrl.length.get() < bytes)
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "GET_FEATURE 12: table buffer of %u bytes, %zu are needed",
				    ctrl.length.get(), bytes);
	for (size_t i = 0; i < count; i++)
		out[i].cq_idx.set(table_[i] == unset ? 0 : table_[i]);
	if (!host_.write(to, out.data(), bytes))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "GET_FEATURE 12: the table buffer cannot be written");
	return ENA_ADMIN_SUCCESS;
}

/* The queue need not exist now: drivers keep the table over a stop of the interface. */
ena_admin_status Rss::check_entry(uint32_t entry, uint16_t queue)
{
	if (queue >= max_queue_slots)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "RSS table entry %u names queue %u, the highest is %u", entry,
				    queue, max_queue_slots - 1u);
	if (queues_.find(queue, Direction::tx))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "RSS table entry %u names queue %u, which is a TX queue", entry,
				    queue);
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Rss::set(const ena_rss_indirection &payload, const ena_ctrl_buffer &ctrl)
{
	const unsigned int log_size = payload.size.get();
	const uint32_t index = payload.inline_index.get();

	if (payload.flags & ENA_RSS_ONE_ENTRY_UPDATE) {
		const uint16_t queue = payload.inline_entry.cq_idx.get();
		if (index >= 1u << log_size_)
			return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
					    "SET_FEATURE 12: entry %u, the table has %u", index,
					    1u << log_size_);
		if (const auto status = check_entry(index, queue))
			return status;
		table_[index] = queue;
		return ENA_ADMIN_SUCCESS;
	}

	if (log_size < min_log_size || log_size > max_log_size)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 12: table size 2^%u, must be 2^%u to 2^%u",
				    log_size, min_log_size, max_log_size);
	const size_t count = size_t{1} << log_size;
	std::array<ena_rss_entry, 1u << max_log_size> in;
	const size_t bytes = count * sizeof(in[0]);
	if (!bus_address(ctrl.address) || ctrl.length.get() < bytes)
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "SET_FEATURE 12: table buffer of %u bytes, %zu are needed",
				    ctrl.length.get(), bytes);
	if (!host_.read(bus_address(ctrl.address), in.data(), bytes))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "SET_FEATURE 12: the table buffer cannot be read");
	for (size_t i = 0; i < count; i++)
		if (const auto status = check_entry(static_cast<uint32_t>(i), in[i].cq_idx.get()))
			return status;
	for (size_t i = 0; i < count; i++)
		table_[i] = in[i].cq_idx.get();
	log_size_ = log_size;
	return ENA_ADMIN_SUCCESS;
}

void Rss::update_entry(uint32_t index, uint16_t queue)
{
	if (index >= 1u << log_size_)
		host_.complain("RSS_IND_ENTRY_UPDATE: entry %u, the table has %u", index,
			       1u << log_size_);
	else if (check_entry(index, queue) == ENA_ADMIN_SUCCESS)
		table_[index] = queue;
}

/* Feature 18 */

ena_admin_status Rss::get(ena_rss_hash_input &payload, const ena_ctrl_buffer &ctrl)
{
	const BusAddress to = bus_address(ctrl.address);
	ena_rss_hash_control out{};

	payload.supported_sort.set(supported_sort);
	payload.enabled_sort.set(sort_);
	if (!to)
		return ENA_ADMIN_SUCCESS;
	if (ctrl.length.get() < sizeof(out))
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "GET_FEATURE 18: buffer of %u bytes, %zu are needed",
				    ctrl.length.get(), sizeof(out));
	for (size_t i = 0; i < ENA_RSS_PROTO_COUNT; i++) {
		out.supported[i].fields.set(supported_fields[i]);
		out.selected[i].fields.set(fields_[i]);
	}
	if (!host_.write(to, &out, sizeof(out)))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "GET_FEATURE 18: the buffer cannot be written");
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Rss::set(const ena_rss_hash_input &payload, const ena_ctrl_buffer &ctrl)
{
	const uint16_t sort = payload.enabled_sort.get();
	const BusAddress from = bus_address(ctrl.address);
	ena_rss_hash_control in;

	if (sort & ~supported_sort)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 18: sort flags 0x%x, only 0x%x are offered", sort,
				    supported_sort);
	if (!from || ctrl.length.get() < sizeof(in))
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "SET_FEATURE 18: buffer of %u bytes, %zu are needed",
				    ctrl.length.get(), sizeof(in));
	if (!host_.read(from, &in, sizeof(in)))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "SET_FEATURE 18: the buffer cannot be read");
	for (unsigned int i = 0; i < ENA_RSS_PROTO_COUNT; i++)
		if (in.selected[i].fields.get() & ~supported_fields[i])
			return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
					    "SET_FEATURE 18: fields 0x%x for protocol %u, only "
					    "0x%x are offered",
					    in.selected[i].fields.get(), i, supported_fields[i]);
	for (size_t i = 0; i < ENA_RSS_PROTO_COUNT; i++)
		fields_[i] = in.selected[i].fields.get();
	sort_ = sort;
	return ENA_ADMIN_SUCCESS;
}

void Rss::info(ena_settings_info &info) const
{
	static_assert(sizeof(info.rss_key) == sizeof(key_));
	static_assert(std::extent_v<decltype(info.rss_table)> ==
		      std::tuple_size_v<decltype(table_)>);
	static_assert(std::extent_v<decltype(info.rss_fields)> ==
		      std::tuple_size_v<decltype(fields_)>);

	info.rss_key_set = key_set_;
	if (key_set_)
		std::copy(key_.begin(), key_.end(), info.rss_key);
	info.rss_initial = init_;
	info.rss_sort = sort_;
	std::copy(fields_.begin(), fields_.end(), info.rss_fields);
	info.rss_entries = static_cast<uint16_t>(1u << log_size_);
	std::copy_n(table_.begin(), info.rss_entries, info.rss_table);
}

void Rss::snapshot(Snapshot &s)
{
	s.section("rss", 1, Absent::refused, [&] {
		s.bytes("key", key_);
		s.value("key was set", key_set_);
		s.value("initial value", init_);
		s.value("log2 of table size", log_size_, min_log_size, max_log_size);
		s.mask("sort", sort_, supported_sort);
		for (unsigned int i = 0; i < fields_.size(); i++) {
			s.item(i);
			s.mask("fields of protocol", fields_[i], supported_fields[i]);
		}
		for (unsigned int i = 0; i < table_.size(); i++) {
			s.item(i);
			s.value("queue", table_[i]);
			s.require(table_[i] == unset || table_[i] < max_queue_slots,
				  "table entry names a queue that cannot be");
		}
	});
	if (s.loading())
		apply_key();
}

} // namespace ena
