/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.hh"

#include "text.hh"

namespace oe
{

namespace
{

/* In the order of enum ena_metric, and of struct ena_eni_stats. */
constexpr const char *metric_names[ENA_METRIC_COUNT] = {
	"bw_in_allowance_exceeded",     "bw_out_allowance_exceeded",
	"pps_allowance_exceeded",       "conntrack_allowance_exceeded",
	"linklocal_allowance_exceeded", "conntrack_allowance_available",
};
constexpr uint64_t eni_metrics = 0x1f;
static_assert(sizeof(ena_eni_stats) == 5 * sizeof(ena_le64));

/* In the order of struct ena_srd_stats. */
constexpr const char *srd_names[] = {
	"ena_srd_mode",
	"ena_srd_tx_pkts",
	"ena_srd_eligible_tx_pkts",
	"ena_srd_rx_pkts",
	"ena_srd_resource_utilization",
};

constexpr uint64_t known_metrics = (uint64_t{1} << ENA_METRIC_COUNT) - 1;
/* What the stock driver gives; a value for each bit that an answer can have. */
constexpr uint32_t buffer_size = 64 * sizeof(ena_le64);

ena_get_stats_cmd make_command(ena_stats_type type)
{
	ena_get_stats_cmd command = {};

	/* Scope, queue and device stay 0, as the stock driver has them. */
	command.common.opcode = ENA_ADMIN_GET_STATS;
	command.type = static_cast<uint8_t>(type);
	return command;
}

uint32_t count_bits(uint64_t mask)
{
	uint32_t count = 0;

	/* The compiler's own would be a call that the kernel does not have. */
	for (; mask; mask &= mask - 1)
		count++;
	return count;
}

/* A struct of little-endian words that an answer begins with. */
template <size_t N> void take_words(uint64_t (&to)[N], const ena_acq_entry &entry, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		ena_le64 word;

		__builtin_memcpy(&word, entry.payload + i * sizeof(word), sizeof(word));
		to[i] = word.get();
	}
}

} // namespace

void Metrics::start(oe_kernel *kernel, AdminQueue &admin, const Features &features)
{
	srd_ = features.can(ENA_CAPABILITY_SRD_INFO);
	customer_ = features.can(ENA_CAPABILITY_CUSTOMER_METRICS);
	offered_ = !customer_ && features.can(ENA_CAPABILITY_ENI_STATS) ? eni_metrics : 0;
	if (!customer_)
		return;
	if (!buffer_.size()) {
		if (Status status = buffer_.allocate(kernel, buffer_size); !status) {
			oek_log(kernel, OE_LOG_WARNING, "no memory for the device's metrics");
			return;
		}
	}
	Result<uint64_t> offered = ask_customer(admin, 0, false);
	if (offered)
		offered_ = *offered & known_metrics;
	else
		oek_log(kernel, OE_LOG_WARNING, "the device does not say which metrics it has");
}

uint32_t Metrics::count() const
{
	return count_bits(offered_) + (srd_ ? srd_values : 0);
}

char (*Metrics::put_names(char (*names)[OE_STAT_NAME]) const)[OE_STAT_NAME]
{
	for (uint32_t i = 0; i < ENA_METRIC_COUNT; i++)
		if (offered_ >> i & 1)
			(Text<OE_STAT_NAME>() << metric_names[i]).copy_to(*names++);
	for (uint32_t i = 0; srd_ && i < srd_values; i++)
		(Text<OE_STAT_NAME>() << srd_names[i]).copy_to(*names++);
	return names;
}

uint64_t *Metrics::put_values(AdminQueue &admin, uint64_t *values)
{
	if (offered_ && customer_)
		refresh_customer(admin);
	else if (offered_)
		refresh_eni(admin);
	if (srd_)
		refresh_srd(admin);
	for (uint32_t i = 0; i < ENA_METRIC_COUNT; i++)
		if (offered_ >> i & 1)
			*values++ = values_[i];
	for (uint32_t i = 0; srd_ && i < srd_values; i++)
		*values++ = srd_values_[i];
	return values;
}

/* Without a buffer the question is only which metrics there are. */
Result<uint64_t> Metrics::ask_customer(AdminQueue &admin, uint64_t requested,
				       bool with_buffer) const
{
	ena_get_stats_cmd command = make_command(ENA_STATS_CUSTOMER_METRICS);

	command.requested_metrics.set(requested);
	if (with_buffer) {
		command.ctrl.length.set(static_cast<uint32_t>(buffer_.size()));
		ena::store(command.ctrl.address, buffer_.bus().value);
	}
	auto entry = admin.execute(command);
	if (!entry)
		return entry.error();

	ena_customer_metrics answer;
	__builtin_memcpy(&answer, entry->payload, sizeof(answer));
	return answer.reported_metrics.get();
}

void Metrics::refresh_eni(AdminQueue &admin)
{
	auto entry = admin.execute(make_command(ENA_STATS_ENI));
	if (entry)
		take_words(values_, *entry, count_bits(eni_metrics));
}

void Metrics::refresh_customer(AdminQueue &admin)
{
	buffer_.clear();
	Result<uint64_t> reported = ask_customer(admin, offered_, true);
	if (!reported)
		return;
	/* A value for each bit, those that nobody asked for included; there is room for all. */
	const auto *value = buffer_.as<const ena_le64>();
	for (uint32_t i = 0; i < 64; i++) {
		if (!(*reported >> i & 1))
			continue;
		if (i < ENA_METRIC_COUNT)
			values_[i] = value->get();
		value++;
	}
}

void Metrics::refresh_srd(AdminQueue &admin)
{
	auto entry = admin.execute(make_command(ENA_STATS_SRD));
	if (entry)
		take_words(srd_values_, *entry, srd_values);
}

} // namespace oe
