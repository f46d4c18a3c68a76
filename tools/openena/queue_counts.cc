// SPDX-License-Identifier: GPL-2.0-or-later
#include "queue_counts.hh"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace tool
{

namespace
{

/* %d: rx or tx, %n: the queue, %f: what is counted. */
constexpr std::string_view shapes[] = {
	"queue_%n_%d_%f", /* ena, openena */
	"%d_queue_%n_%f", /* igb, ixgbe, ice, virtio_net, hv_netvsc */
	"%d-%n.%d_%f", /* i40e */
	"%d%n_%f", /* mlx5, virtio_net from Linux 6.9 on */
	"%d_%f[%n]", /* gve */
};

constexpr std::string_view packet_names[] = {"packets", "cnt", "pkts"};
/* A packet that is lost at a queue; what XDP drops is meant. */
constexpr std::string_view drop_names[] = {
	"drops",           "dropped",          "dropped_pkt",     "skb_alloc_fail", "bad_desc_num",
	"dma_mapping_err", "linearize_failed", "prepare_ctx_err", "missed_tx"};

struct Parts {
	std::optional<Direction> direction;
	std::optional<uint32_t> number;
	std::string_view field;
};

bool take_direction(std::string_view &text, Parts &parts)
{
	if (!text.starts_with("rx") && !text.starts_with("tx"))
		return false;
	parts.direction = text.starts_with("rx") ? Direction::rx : Direction::tx;
	text.remove_prefix(2);
	return true;
}

bool take_number(std::string_view &text, Parts &parts)
{
	uint32_t number;
	const auto result = std::from_chars(text.data(), text.data() + text.size(), number);

	if (result.ec != std::errc{} || number >= most_queues)
		return false;
	parts.number = number;
	text.remove_prefix(static_cast<size_t>(result.ptr - text.data()));
	return true;
}

/* A field reaches to what follows it in the shape: a bracket, or the end. */
bool take_field(std::string_view &text, std::string_view rest_of_shape, Parts &parts)
{
	const size_t length = rest_of_shape.empty() ? text.size() : text.find(rest_of_shape[0]);

	if (length == std::string_view::npos || !length)
		return false;
	parts.field = text.substr(0, length);
	text.remove_prefix(length);
	return true;
}

std::optional<Parts> match(std::string_view text, std::string_view shape)
{
	Parts parts;

	while (!shape.empty()) {
		const bool part = shape[0] == '%';
		const char kind = part ? shape[1] : shape[0];
		shape.remove_prefix(part ? 2 : 1);
		if (!part) {
			if (!text.starts_with(kind))
				return {};
			text.remove_prefix(1);
		} else if (!(kind == 'd'   ? take_direction(text, parts)
			     : kind == 'n' ? take_number(text, parts)
					   : take_field(text, shape, parts))) {
			return {};
		}
	}
	return text.empty() ? std::optional(parts) : std::nullopt;
}

template <size_t n> bool among(std::string_view word, const std::string_view (&words)[n])
{
	return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

void count(Counts &counts, std::string_view field, uint64_t value)
{
	if (among(field, packet_names))
		counts.packets = value;
	else if (field == "bytes")
		counts.bytes = value;
	else if (among(field, drop_names))
		counts.drops = counts.drops.value_or(0) + value;
}

} // namespace

QueueCounts queue_counts_of(const std::vector<std::pair<std::string, uint64_t>> &counters)
{
	QueueCounts queues;

	for (const auto &[name, value] : counters)
		for (const std::string_view shape : shapes)
			if (const auto parts = match(name, shape)) {
				Counts counts = queues[{*parts->direction, *parts->number}];
				count(counts, parts->field, value);
				queues[{*parts->direction, *parts->number}] = counts;
				break;
			}
	std::erase_if(queues, [](const auto &queue) { return !queue.second.any(); });
	return queues;
}

} // namespace tool
