// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_adapter.hh"

#include <cstdio>
#include <cstdlib>

namespace
{

template <class T> T *at(uint64_t bus)
{
	return reinterpret_cast<T *>(bus);
}

template <class To, class From> To as(const From &from)
{
	static_assert(sizeof(To) <= sizeof(From));
	To to;
	memcpy(&to, &from, sizeof(to));
	return to;
}

template <class T> void put(ena_acq_entry &answer, const T &payload)
{
	static_assert(sizeof(T) <= sizeof(answer.payload));
	memcpy(answer.payload, &payload, sizeof(payload));
}

} // namespace

oe_kernel::oe_kernel()
{
	current = this;
	offer.attributes.supported_features.set(0x1c145c88);
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
	memcpy(offer.attributes.mac, mac, sizeof(mac));
	offer.attributes.max_mtu.set(9001);
	offer.queues_ext.version = 1;
	offer.queues_ext.max_tx_sq_num.set(4);
	offer.queues_ext.max_tx_cq_num.set(4);
	offer.queues_ext.max_rx_sq_num.set(4);
	offer.queues_ext.max_rx_cq_num.set(4);
	offer.queues_ext.max_tx_sq_depth.set(512);
	offer.queues_ext.max_tx_cq_depth.set(512);
	offer.queues_ext.max_rx_sq_depth.set(1024);
	offer.queues_ext.max_rx_cq_depth.set(1024);
	offer.queues_ext.max_packet_tx_descs.set(19);
	offer.queues_ext.max_packet_rx_descs.set(5);
	offer.offload.tx.set(0xff &
			     ~(ENA_OFFLOAD_TX_L4_CSUM_V4_FULL | ENA_OFFLOAD_TX_L4_CSUM_V6_FULL));
	offer.offload.rx_supported.set(0xf);
	offer.hash_function.supported.set(ENA_RSS_FUNCTION_TOEPLITZ);
	offer.indirection.min_size.set(1);
	offer.indirection.max_size.set(8);
	offer.moderation.resolution_us.set(2);
	offer.aenq.supported_groups.set(0xff);
	offer.link.speed_mbps.set(25000);
	offer.link.supported.set(ENA_LINK_25G);
	offer.link.flags.set(ENA_LINK_FULL_DUPLEX);
	for (uint16_t &fields : offer.hash_fields)
		fields = 0x3f;
}

oe_kernel::~oe_kernel()
{
	if (adapter)
		remove();
	if (allocations)
		abort(); /* something leaked */
}

int oe_kernel::probe(bool readless)
{
	int err = oe_probe(this, readless, &adapter);
	if (err)
		adapter = nullptr;
	return err;
}

int oe_kernel::probe_and_open()
{
	int err = probe();
	if (!err) {
		registered_ = true;
		err = oe_interrupts_ready(adapter, 5);
	}
	return err ? err : oe_open(adapter);
}

void oe_kernel::remove()
{
	oe_close(adapter);
	oe_interrupts_gone(adapter);
	registered_ = false;
	oe_remove(adapter);
	adapter = nullptr;
}

void oe_kernel::seconds(unsigned n)
{
	while (n--) {
		now += 1'000'000'000;
		oe_service(adapter);
	}
}

void oe_kernel::run_reset()
{
	oe_close(adapter);
	if (!oe_reset_work(adapter))
		(void)oe_open(adapter);
}

bool oe_kernel::logged(const std::string &words) const
{
	for (const std::string &line : log)
		if (line.find(words) != std::string::npos)
			return true;
	return false;
}

uint64_t oe_kernel::address(uint32_t low) const
{
	auto word = [this](uint32_t reg) -> uint64_t {
		auto it = writes.find(reg);
		return it == writes.end() ? 0 : it->second;
	};
	return word(low) | word(low + 4) << 32;
}

uint32_t oe_kernel::register_value(uint32_t offset) const
{
	if (absent)
		return ~0u;
	switch (offset) {
	case ENA_REG_VERSION:
		return offer.version;
	case ENA_REG_CONTROLLER_VERSION:
		return offer.controller;
	case ENA_REG_CAPS:
		return offer.caps;
	case ENA_REG_DEV_STS:
		return dev_sts;
	default:
		return 0;
	}
}

void oe_kernel::reset()
{
	aq_head_ = aenq_tail_ = aenq_credit_ = 0;
	events_.clear();
	sqs.clear();
	cqs.clear();
	flows.clear();
	stamps = {};
	phc = {};
	event_groups = 0;
	for (uint32_t reg : {ENA_REG_AQ_BASE_LO, ENA_REG_AENQ_BASE_LO, ENA_REG_MMIO_RESP_LO})
		writes[reg] = writes[reg + 4] = 0;
}

void oe_kernel::write(uint32_t offset, uint32_t value)
{
	writes[offset] = value;
	switch (offset) {
	case ENA_REG_MMIO_REG_READ: {
		uint16_t reg = value >> 16;
		auto *answer = at<ena_mmio_read_resp>(address(ENA_REG_MMIO_RESP_LO));
		if (!answers_reads || !answer)
			return;
		answer->reg_off.set(wrong_offset ? reg + 4 : reg);
		answer->reg_val.set(oek_readl(this, reg));
		answer->req_id.set(value & 0xffff);
		return;
	}
	case ENA_REG_DEV_CTL:
		if (value & ENA_DEV_CTL_RESET) {
			reset_commands.push_back(value);
			reset();
			if (reset_starts)
				dev_sts = ENA_DEV_STS_READY | ENA_DEV_STS_RESET_IN_PROGRESS;
		} else if (reset_ends) {
			dev_sts = ENA_DEV_STS_READY;
		}
		return;
	case ENA_REG_INTR_MASK:
		intr_mask = value;
		return;
	case ENA_REG_AQ_DB:
		if (!completes_while_waiting)
			admin_doorbell(static_cast<uint16_t>(value));
		return;
	case ENA_REG_AENQ_HEAD_DB:
		aenq_credit_ = static_cast<uint16_t>(value);
		flush_events();
		return;
	}
	if (phc_asked && ena::load(phc.output_address) && offset == offer.phc.doorbell_offset.get())
		return phc_asked(static_cast<uint16_t>(value));
	for (auto &[index, q] : sqs)
		if (q.doorbell == offset) {
			q.tail = static_cast<uint16_t>(value);
			q.doorbells++;
		}
}

void oe_kernel::admin_doorbell(uint16_t tail)
{
	while (aq_head_ != tail) {
		auto command = at<ena_aq_entry>(address(ENA_REG_AQ_BASE_LO))[aq_head_ % 32];
		uint8_t phase = aq_head_ / 32 % 2 ? 0 : 1;
		if ((command.common.flags & ENA_AQ_PHASE) != phase)
			abort(); /* the driver's phase is wrong */
		commands.push_back(command);
		if (!answers_commands)
			return;
		ena_acq_entry answer{};
		carry_out(command, answer);
		answer.common.command_id = command.common.command_id;
		if (wrong_command_id)
			answer.common.command_id.set(command.common.command_id.get() ^ 5);
		answer.common.flags = phase;
		if (alter_answer)
			alter_answer(command, answer);
		at<ena_acq_entry>(address(ENA_REG_ACQ_BASE_LO))[aq_head_ % 32] = answer;
		aq_head_++;
		if (!(intr_mask & ENA_INTR_MASK_MGMT) && raises_admin && registered_)
			oe_mgmt_interrupt(adapter);
	}
}

void oe_kernel::carry_out(const ena_aq_entry &command, ena_acq_entry &answer)
{
	std::optional<uint8_t> status = refuse ? refuse(command) : std::nullopt;

	answer.common.status = status ? *status : execute(command, answer);
}

uint8_t oe_kernel::execute(const ena_aq_entry &command, ena_acq_entry &answer)
{
	switch (command.common.opcode) {
	case ENA_ADMIN_GET_FEATURE:
		return get_feature(command, answer);
	case ENA_ADMIN_SET_FEATURE:
		return set_feature(command);
	case ENA_ADMIN_CREATE_CQ: {
		auto create = as<ena_create_cq_cmd>(command);
		uint16_t index = queue_base;
		while (cqs.count(index))
			index++;
		ena_create_cq_resp resp{};
		cqs[index] = create;
		resp.cq_idx.set(index);
		resp.actual_depth = create.depth;
		resp.unmask_offset.set(0x2000 + create.msix_vector.get() * 4);
		memcpy(answer.payload, &resp.cq_idx, sizeof(resp) - sizeof(resp.common));
		return 0;
	}
	case ENA_ADMIN_CREATE_SQ:
		return create_sq(command, answer);
	case ENA_ADMIN_DESTROY_SQ:
		return destroy_sq(command);
	case ENA_ADMIN_DESTROY_CQ:
		return cqs.erase(as<ena_destroy_cq_cmd>(command).cq_idx.get())
			       ? 0
			       : ENA_ADMIN_ILLEGAL_PARAMETER;
	case ENA_ADMIN_GET_STATS:
		return get_stats(as<ena_get_stats_cmd>(command), answer);
	default:
		return ENA_ADMIN_BAD_OPCODE;
	}
}

/* Metric i is 1000 + i. */
uint8_t oe_kernel::get_stats(const ena_get_stats_cmd &command, ena_acq_entry &answer)
{
	switch (command.type) {
	case ENA_STATS_ENI: {
		ena_eni_stats stats{};
		stats.pps_allowance_exceeded.set(77);
		put(answer, stats);
		return 0;
	}
	case ENA_STATS_SRD: {
		ena_srd_stats stats{};
		stats.flags.set(3);
		stats.resource_utilization.set(42);
		put(answer, stats);
		return 0;
	}
	case ENA_STATS_CUSTOMER_METRICS: {
		const uint64_t buffer = ena::load(command.ctrl.address);
		ena_customer_metrics metrics{};
		metrics.reported_metrics.set(buffer ? metrics_answered : metrics_offered);
		put(answer, metrics);
		if (!buffer)
			return metrics_status;
		auto *value = at<ena_le64>(buffer);
		for (unsigned int i = 0; i < 64; i++)
			if (metrics_answered >> i & 1)
				(value++)->set(1000 + i);
		return metrics_status;
	}
	default:
		return ENA_ADMIN_UNSUPPORTED_OPCODE;
	}
}

uint8_t oe_kernel::create_sq(const ena_aq_entry &command, ena_acq_entry &answer)
{
	auto create = as<ena_create_sq_cmd>(command);
	auto cq = cqs.find(create.cq_idx.get());
	if (cq == cqs.end())
		return ENA_ADMIN_ILLEGAL_PARAMETER;
	uint16_t index = queue_base;
	while (sqs.count(index))
		index++;
	FakeQueue q{};
	q.tx = create.identity >> 5 == ENA_SQ_TX;
	q.depth = create.depth.get();
	q.cq_depth = cq->second.depth.get();
	q.cq = cq->first;
	q.completion_size =
		4 * ena::field_get(ENA_CQ_CAPS2_ENTRY_WORDS, uint32_t{cq->second.caps2});
	q.vector = cq->second.msix_vector.get();
	q.in_device = (create.caps2 & 0xf) == ENA_PLACEMENT_DEVICE;
	if (q.in_device && ena::load(create.base))
		return ENA_ADMIN_ILLEGAL_PARAMETER;
	q.push_offset = push_offset.value_or((index - queue_base) * 0x40000u);
	q.submissions = q.in_device ? nullptr : at<uint8_t>(ena::load(create.base));
	q.completions = at<uint8_t>(ena::load(cq->second.base));
	q.doorbell = 0x1000 + index * 4;
	q.unmask = 0x2000 + q.vector * 4;
	sqs[index] = q;
	ena_create_sq_resp resp{};
	resp.sq_idx.set(index);
	resp.doorbell_offset.set(q.doorbell);
	resp.llq_descriptors_offset.set(q.push_offset);
	memcpy(answer.payload, &resp.sq_idx, sizeof(resp) - sizeof(resp.common));
	return 0;
}

uint8_t oe_kernel::destroy_sq(const ena_aq_entry &command)
{
	auto destroy = as<ena_destroy_sq_cmd>(command);
	auto it = sqs.find(destroy.sq_idx.get());
	if (it == sqs.end() || it->second.tx != (destroy.identity >> 5 == ENA_SQ_TX))
		return ENA_ADMIN_ILLEGAL_PARAMETER;
	sqs.erase(it);
	return 0;
}

uint8_t oe_kernel::get_feature(const ena_aq_entry &command, ena_acq_entry &answer)
{
	auto get = as<ena_get_feature_cmd>(command);
	unsigned id = get.feature.feature_id;
	if (id != ENA_FEATURE_DEVICE_ATTRIBUTES && id != ENA_FEATURE_MAX_QUEUES_NUM &&
	    !(offer.attributes.supported_features.get() >> id & 1))
		return ENA_ADMIN_UNSUPPORTED_OPCODE;
	switch (id) {
	case ENA_FEATURE_DEVICE_ATTRIBUTES:
		put(answer, offer.attributes);
		return 0;
	case ENA_FEATURE_MAX_QUEUES_NUM:
		put(answer, offer.queues);
		return 0;
	case ENA_FEATURE_MAX_QUEUES_EXT:
		put(answer, offer.queues_ext);
		return 0;
	case ENA_FEATURE_HW_HINTS:
		put(answer, offer.hints);
		return 0;
	case ENA_FEATURE_LLQ:
		put(answer, offer.llq);
		return 0;
	case ENA_FEATURE_RSS_HASH_FUNCTION:
		put(answer, offer.hash_function);
		return 0;
	case ENA_FEATURE_OFFLOAD:
		put(answer, offer.offload);
		return 0;
	case ENA_FEATURE_RSS_INDIRECTION:
		put(answer, offer.indirection);
		return 0;
	case ENA_FEATURE_RSS_HASH_INPUT: {
		auto *control = at<ena_rss_hash_control>(ena::load(get.ctrl.address));
		for (unsigned i = 0; i < ENA_RSS_PROTO_COUNT; i++) {
			control->supported[i].fields.set(offer.hash_fields[i]);
			control->selected[i].fields.set(0);
		}
		ena_rss_hash_input in{};
		in.supported_sort.set(6);
		in.enabled_sort.set(6);
		put(answer, in);
		return 0;
	}
	case ENA_FEATURE_INTERRUPT_MODERATION:
		put(answer, offer.moderation);
		return 0;
	case ENA_FEATURE_AENQ_CONFIG:
		put(answer, offer.aenq);
		return 0;
	case ENA_FEATURE_LINK_CONFIG:
		put(answer, offer.link);
		return 0;
	case ENA_FEATURE_HW_TIMESTAMP:
		put(answer, offer.stamps);
		return 0;
	case ENA_FEATURE_PHC:
		put(answer, offer.phc);
		return 0;
	default:
		return ENA_ADMIN_UNSUPPORTED_OPCODE;
	}
}

uint8_t oe_kernel::set_feature(const ena_aq_entry &command)
{
	auto set = as<ena_set_feature_cmd>(command);
	uint64_t control = ena::load(set.ctrl.address);
	switch (set.feature.feature_id) {
	case ENA_FEATURE_RSS_HASH_FUNCTION:
		key = *at<ena_rss_key>(control);
		memcpy(&key_function, set.data, sizeof(key_function));
		return 0;
	case ENA_FEATURE_RSS_INDIRECTION: {
		auto *entries = at<ena_rss_entry>(control);
		table.clear();
		for (uint32_t i = 0; i < set.ctrl.length.get() / sizeof(*entries); i++)
			table.push_back(entries[i].cq_idx.get());
		return 0;
	}
	case ENA_FEATURE_RSS_HASH_INPUT:
		fields = *at<ena_rss_hash_control>(control);
		memcpy(&input, set.data, sizeof(input));
		return 0;
	case ENA_FEATURE_LLQ:
		memcpy(&llq, set.data, sizeof(llq));
		return 0;
	case ENA_FEATURE_HW_TIMESTAMP:
		memcpy(&stamps, set.data, sizeof(stamps));
		return 0;
	case ENA_FEATURE_PHC:
		memcpy(&phc, set.data, sizeof(phc));
		return 0;
	case ENA_FEATURE_FLOW_STEERING:
		return set_flow(set);
	case ENA_FEATURE_MTU:
		memcpy(&mtu, set.data, sizeof(mtu));
		return 0;
	case ENA_FEATURE_AENQ_CONFIG: {
		ena_aenq_config config;
		memcpy(&config, set.data, sizeof(config));
		event_groups = config.enabled_groups.get();
		return 0;
	}
	case ENA_FEATURE_HOST_ATTR: {
		ena_host_attr attr;
		memcpy(&attr, set.data, sizeof(attr));
		host_info = *at<ena_host_info>(ena::load(attr.os_info));
		host_attr = attr;
		return 0;
	}
	default:
		return ENA_ADMIN_UNSUPPORTED_OPCODE;
	}
}

/* As strict as an adapter may be: it replaces no rule, and removes none that is not there. */
uint8_t oe_kernel::set_flow(const ena_set_feature_cmd &set)
{
	FakeFlow flow{};
	memcpy(&flow.command, set.data, sizeof(flow.command));
	uint16_t location = flow.command.rule_location.get();
	switch (flow.command.action) {
	case ENA_FLOW_ADD:
		if (set.ctrl.length.get() != sizeof(flow.match))
			return ENA_ADMIN_MALFORMED_REQUEST;
		if (location >= offer.attributes.flow_steering_max_entries.get())
			return ENA_ADMIN_ILLEGAL_PARAMETER;
		flow.match = *at<ena_flow_steering_match>(ena::load(set.ctrl.address));
		return flows.emplace(location, flow).second ? 0 : ENA_ADMIN_RESOURCE_BUSY;
	case ENA_FLOW_REMOVE:
		return flows.erase(location) ? 0 : ENA_ADMIN_ILLEGAL_PARAMETER;
	case ENA_FLOW_REMOVE_ALL:
		flows.clear();
		return 0;
	default:
		return ENA_ADMIN_ILLEGAL_PARAMETER;
	}
}

void oe_kernel::post_event(uint16_t group, uint16_t syndrome, const void *data, size_t size)
{
	ena_aenq_entry event{};
	event.group.set(group);
	event.syndrome.set(syndrome);
	if (size)
		memcpy(event.data, data, size);
	events_.push_back(event);
	flush_events();
}

void oe_kernel::flush_events()
{
	bool any = false;
	while (!events_.empty() && static_cast<uint16_t>(aenq_credit_ - aenq_tail_) > 0) {
		ena_aenq_entry event = events_.front();
		events_.pop_front();
		event.flags = aenq_tail_ / 16 % 2 ? 0 : ENA_AENQ_PHASE;
		at<ena_aenq_entry>(address(ENA_REG_AENQ_BASE_LO))[aenq_tail_ % 16] = event;
		aenq_tail_++;
		any = true;
	}
	if (any && raises_events && adapter && registered_)
		oe_mgmt_interrupt(adapter);
}

void oe_kernel::post_link(bool up)
{
	ena_link_change_event event{};
	event.flags.set(up);
	post_event(ENA_AENQ_LINK_CHANGE, 0, &event, sizeof(event));
}

void oe_kernel::keep_alive()
{
	post_event(ENA_AENQ_KEEP_ALIVE);
}

FakeQueue &oe_kernel::txq(unsigned i)
{
	for (auto &[index, q] : sqs)
		if (q.tx && q.vector == i + 1)
			return q;
	abort();
}

FakeQueue &oe_kernel::rxq(unsigned i)
{
	for (auto &[index, q] : sqs)
		if (!q.tx && q.vector == i + 1)
			return q;
	abort();
}

void oe_kernel::complete_tx(FakeQueue &q, uint16_t id, uint8_t more_flags, uint64_t stamp_ns)
{
	ena_tx_cdesc_ext cdesc{};
	cdesc.base.req_id.set(id);
	cdesc.base.flags = (q.produced / q.cq_depth % 2 ? 0 : 1) | more_flags;
	cdesc.timestamp_lo.set(static_cast<uint32_t>(stamp_ns));
	cdesc.timestamp_hi.set(static_cast<uint32_t>(stamp_ns >> 32));
	memcpy(q.completions + q.produced++ % q.cq_depth * q.completion_size, &cdesc,
	       q.completion_size);
}

ena_tx_desc oe_kernel::tx_desc(FakeQueue &q, uint32_t position)
{
	ena_tx_desc desc = reinterpret_cast<ena_tx_desc *>(q.submissions)[position % q.depth];
	if (ena::field_get(ENA_TXD_PHASE, desc.word0.get()) != 1 - position / q.depth % 2)
		abort(); /* the driver's phase is wrong */
	return desc;
}

std::vector<uint16_t> oe_kernel::complete_all_tx(FakeQueue &q)
{
	std::vector<uint16_t> ids;
	for (; static_cast<uint16_t>(q.head) != q.tail; q.head++) {
		ena_tx_desc desc = tx_desc(q, q.head);
		uint32_t word0 = desc.word0.get();
		if ((word0 & ENA_TXD_META) || !(word0 & ENA_TXD_COMP_REQ))
			continue;
		uint16_t id = ena::field_get(ENA_TXD0_REQ_ID_HI, word0) << 10 |
			      ena::field_get(ENA_TXD1_REQ_ID_LO, desc.word1.get());
		complete_tx(q, id);
		ids.push_back(id);
	}
	return ids;
}

void oe_kernel::complete_rx(FakeQueue &q, uint32_t status, uint16_t length, uint16_t id,
			    uint8_t offset, uint32_t hash, uint64_t stamp_ns)
{
	ena_rx_cdesc_ext cdesc{};
	uint32_t phase = q.produced / q.cq_depth % 2 ? 0 : ENA_RXC_PHASE;
	cdesc.base.status.set(status | phase);
	cdesc.base.length.set(length);
	cdesc.base.req_id.set(id);
	cdesc.base.offset = offset;
	cdesc.base.hash.set(hash);
	cdesc.timestamp_lo.set(static_cast<uint32_t>(stamp_ns));
	cdesc.timestamp_hi.set(static_cast<uint32_t>(stamp_ns >> 32));
	memcpy(q.completions + q.produced++ % q.cq_depth * q.completion_size, &cdesc,
	       q.completion_size);
}

ena_rx_desc oe_kernel::next_rx(FakeQueue &q)
{
	if (static_cast<uint16_t>(q.head) == q.tail)
		abort(); /* the test expects a posted buffer */
	ena_rx_desc desc = reinterpret_cast<ena_rx_desc *>(q.submissions)[q.head % q.depth];
	if ((desc.ctrl & ENA_RXD_PHASE) != 1 - q.head / q.depth % 2)
		abort(); /* the driver's phase is wrong */
	q.head++;
	return desc;
}

void *oe_kernel::allocate(size_t size)
{
	if (allocations_left) {
		if (!*allocations_left)
			return nullptr;
		--*allocations_left;
	}
	allocations++;
	void *p = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	memset(p, 0, size);
	return p;
}

int submit_one(struct oe_txq *q, uint16_t &id)
{
	oe_tx_buffer buffer{0x1000, 60};
	oe_tx_packet packet{};
	oe_tx_result result{};

	packet.buffers = &buffer;
	packet.nbuffers = 1;
	packet.flags = OE_TX_KICK;
	packet.bytes = 60;
	packet.packets = 1;
	const int err = oe_tx_submit(q, &packet, &result);
	id = result.req_id;
	return err;
}
