/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the waist; what they do is behind them. */
#include <new>

#include "adapter.hh"

/* @set, with a place for its reason. */
template <class Set> static int with_reason(struct oe_error *error, Set set)
{
	oe::Refusal why;
	oe::Status status = set(why);

	if (!status)
		why.copy_to(error->text);
	return status.to_kernel();
}

static ena_reset_reason known_reason(uint32_t reason)
{
	return reason <= ENA_RESET_MISSING_FIRST_INTERRUPT ? static_cast<ena_reset_reason>(reason)
							   : ENA_RESET_GENERIC;
}

int oe_probe(struct oe_kernel *kernel, bool readless, struct oe_adapter **adapter)
{
	void *memory = oek_alloc(sizeof(oe_adapter));

	if (!memory)
		return oe::Status(oe::Errno::no_memory).to_kernel();
	auto *made = new (memory) oe_adapter(kernel);
	if (oe::Status status = made->probe(readless); !status) {
		made->stop_device(ENA_RESET_INIT_ERROR);
		made->~oe_adapter();
		oek_free(made);
		return status.to_kernel();
	}
	*adapter = made;
	return 0;
}

void oe_remove(struct oe_adapter *adapter)
{
	adapter->close();
	adapter->stop_device(ENA_RESET_NORMAL);
	adapter->~oe_adapter();
	oek_free(adapter);
}

const struct oe_info *oe_info(const struct oe_adapter *adapter)
{
	return &adapter->info();
}

int oe_interrupts_ready(struct oe_adapter *adapter, uint32_t vectors)
{
	return adapter->interrupts_ready(vectors).to_kernel();
}

void oe_interrupts_gone(struct oe_adapter *adapter)
{
	adapter->interrupts_gone();
}

void oe_mgmt_interrupt(struct oe_adapter *adapter)
{
	adapter->mgmt_interrupt();
}

uint32_t oe_max_queues(const struct oe_adapter *adapter)
{
	return adapter->max_queues();
}

uint32_t oe_queue_limit(const struct oe_adapter *adapter)
{
	return adapter->tx_queue_limit(adapter->settings().push);
}

void oe_get_settings(const struct oe_adapter *adapter, struct oe_settings *settings)
{
	*settings = adapter->settings();
}

int oe_set_settings(struct oe_adapter *adapter, const struct oe_settings *settings,
		    struct oe_error *error)
{
	return adapter->set_settings(*settings, error).to_kernel();
}

int oe_open(struct oe_adapter *adapter)
{
	return adapter->open().to_kernel();
}

void oe_close(struct oe_adapter *adapter)
{
	adapter->close();
}

int oe_stop_receiver(struct oe_adapter *adapter, uint32_t index)
{
	return adapter->stop_receiver(index).to_kernel();
}

int oe_start_receiver(struct oe_adapter *adapter, uint32_t index)
{
	return adapter->start_receiver(index).to_kernel();
}

void oe_service(struct oe_adapter *adapter)
{
	adapter->service();
}

void oe_tx_timeout(struct oe_adapter *adapter, uint32_t queue)
{
	adapter->tx_timeout(queue);
}

void oe_request_reset(struct oe_adapter *adapter, uint32_t reason)
{
	adapter->reset_request().ask(known_reason(reason));
}

bool oe_reset_pending(const struct oe_adapter *adapter)
{
	return adapter->reset_request().pending();
}

int oe_reset_work(struct oe_adapter *adapter)
{
	return adapter->reset_work().to_kernel();
}

void oe_leave(struct oe_adapter *adapter, uint32_t reason)
{
	adapter->leave(known_reason(reason));
}

void oe_return(struct oe_adapter *adapter)
{
	adapter->come_back();
}

struct oe_txq *oe_txq(struct oe_adapter *adapter, uint32_t index)
{
	return adapter->tx_queue(index);
}

struct oe_txq *oe_xdp_txq(struct oe_adapter *adapter, uint32_t index)
{
	return adapter->xdp_tx_queue(index);
}

uint32_t oe_xdp_pair(const struct oe_adapter *adapter, uint32_t cpu)
{
	return adapter->xdp_pair(cpu);
}

/* Flat: a call less for each packet. */
[[gnu::flatten]] int oe_tx_submit(struct oe_txq *q, const struct oe_tx_packet *packet,
				  struct oe_tx_result *result)
{
	return q->submit(*packet, *result).to_kernel();
}

uint32_t oe_tx_push(const struct oe_txq *q)
{
	return q->push();
}

void oe_tx_kick(struct oe_txq *q)
{
	q->kick();
}

uint32_t oe_tx_room(const struct oe_txq *q)
{
	return q->small_packets();
}

bool oe_tx_has_room(const struct oe_txq *q)
{
	return q->has_room();
}

uint32_t oe_tx_completed(struct oe_txq *q, uint16_t *ids, uint32_t max)
{
	return q->completed(ids, max);
}

void oe_tx_release(struct oe_txq *q, const uint16_t *ids, uint32_t n)
{
	q->release(ids, n);
}

void oe_tx_refuse(struct oe_txq *q, uint16_t id)
{
	q->refuse(id);
}

uint64_t oe_tx_stamp(const struct oe_txq *q, uint16_t id)
{
	return q->stamp(id);
}

struct oe_rxq *oe_rxq(struct oe_adapter *adapter, uint32_t index)
{
	return adapter->rx_queue(index);
}

uint32_t oe_rx_poll(struct oe_rxq *q, struct oe_rx_burst *burst, uint32_t budget)
{
	return q->poll(*burst, budget);
}

uint32_t oe_rx_wanted(const struct oe_rxq *q)
{
	return q->wanted();
}

const uint16_t *oe_rx_next_ids(const struct oe_rxq *q)
{
	return q->next_ids();
}

void oe_rx_refill(struct oe_rxq *q, const struct oe_rx_buffer *buffers, uint32_t n)
{
	q->refill(buffers, n);
}

void oe_set_rx_delay(struct oe_adapter *adapter, uint32_t index, uint32_t usecs)
{
	adapter->moderation().adapt(index, usecs);
}

int oe_set_delays(struct oe_adapter *adapter, uint32_t index, const struct oe_delays *delays,
		  struct oe_error *error)
{
	return with_reason(
		error, [=](oe::Refusal &why) { return adapter->set_delays(index, *delays, why); });
}

int oe_get_delays(const struct oe_adapter *adapter, uint32_t index, struct oe_delays *delays)
{
	return adapter->get_delays(index, *delays).to_kernel();
}

void oe_unmask(struct oe_adapter *adapter, uint32_t index)
{
	adapter->unmask(index);
}

void oe_rss_get(const struct oe_adapter *adapter, uint32_t *table, uint8_t *key)
{
	adapter->rss().get(table, key);
}

int oe_hash_get_fields(const struct oe_adapter *adapter, uint32_t type, uint32_t *fields)
{
	auto found = adapter->hash_fields(type);

	if (!found)
		return oe::Status(found.error()).to_kernel();
	*fields = *found;
	return 0;
}

int oe_hash_set_fields(struct oe_adapter *adapter, uint32_t type, uint32_t fields,
		       struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->set_hash_fields(type, fields, why);
	});
}

int oe_rss_set(struct oe_adapter *adapter, const uint32_t *table, const uint8_t *key,
	       struct oe_error *error)
{
	return adapter->set_rss(table, key, error).to_kernel();
}

int oe_flow_add(struct oe_adapter *adapter, struct oe_flow_rule *rule, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) { return adapter->add_flow(*rule, why); });
}

int oe_flow_remove(struct oe_adapter *adapter, uint32_t location, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->flows().remove(adapter->admin(), location, why);
	});
}

int oe_flow_remove_all(struct oe_adapter *adapter, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->flows().remove_all(adapter->admin(), why);
	});
}

int oe_flow_get(const struct oe_adapter *adapter, uint32_t location, struct oe_flow_rule *rule)
{
	return adapter->flows().get(location, *rule).to_kernel();
}

uint32_t oe_flow_next(const struct oe_adapter *adapter, uint32_t from)
{
	return adapter->flows().next(from);
}

int oe_rfs_want(struct oe_adapter *adapter, const struct oe_flow_rule *flow, uint32_t kernel_id)
{
	auto id = adapter->rfs().want(*flow, kernel_id);

	return id ? static_cast<int>(*id) : oe::Status(id.error()).to_kernel();
}

void oe_rfs_serve(struct oe_adapter *adapter, bool wanted)
{
	adapter->serve_rfs(wanted);
}

int oe_phc_read(struct oe_adapter *adapter, struct oe_phc_time *time)
{
	return adapter->read_phc(*time).to_kernel();
}

int oe_vf_get(struct oe_adapter *adapter, uint32_t vf, struct oe_vf_config *config)
{
	return adapter->vfs().get(adapter->admin(), vf, *config).to_kernel();
}

int oe_vf_get_stats(struct oe_adapter *adapter, uint32_t vf, struct oe_vf_stats *stats)
{
	return adapter->vfs().get(adapter->admin(), vf, *stats).to_kernel();
}

int oe_vf_set_mac(struct oe_adapter *adapter, uint32_t vf, const uint8_t *mac,
		  struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_mac(adapter->admin(), vf, mac, why);
	});
}

int oe_vf_set_vlan(struct oe_adapter *adapter, uint32_t vf, uint32_t vlan, uint32_t priority,
		   uint32_t protocol, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_vlan(adapter->admin(), vf, vlan, priority, protocol, why);
	});
}

int oe_vf_set_spoof_check(struct oe_adapter *adapter, uint32_t vf, bool on, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_toggle(adapter->admin(), vf, ENA_VF_SPOOF_CHECK, on, why);
	});
}

int oe_vf_set_trust(struct oe_adapter *adapter, uint32_t vf, bool on, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_toggle(adapter->admin(), vf, ENA_VF_TRUST, on, why);
	});
}

int oe_vf_set_link(struct oe_adapter *adapter, uint32_t vf, uint32_t link, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_link(adapter->admin(), vf, link, why);
	});
}

int oe_vf_set_rate(struct oe_adapter *adapter, uint32_t vf, uint32_t min_mbps, uint32_t max_mbps,
		   struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_rate(adapter->admin(), vf, min_mbps, max_mbps, why);
	});
}

int oe_switch_get_mode(const struct oe_adapter *adapter, uint32_t *mode)
{
	return adapter->vfs().get_mode(*mode).to_kernel();
}

int oe_switch_set_mode(struct oe_adapter *adapter, uint32_t mode, struct oe_error *error)
{
	return with_reason(error, [=](oe::Refusal &why) {
		return adapter->vfs().set_mode(adapter->admin(), mode, why);
	});
}

void oe_dump_registers(struct oe_adapter *adapter, uint32_t *words)
{
	adapter->dump_registers(words);
}

int oe_test_registers(struct oe_adapter *adapter, struct oe_error *error)
{
	return adapter->test_registers(*error).to_kernel();
}

int oe_test_admin(struct oe_adapter *adapter, struct oe_error *error)
{
	return adapter->test_admin(*error).to_kernel();
}

bool oe_take_fault(struct oe_adapter *adapter, struct oe_fault *fault)
{
	return adapter->take_fault(*fault);
}

uint32_t oe_facts(struct oe_adapter *adapter, enum oe_reporter reporter, uint32_t queue,
		  struct oe_fact facts[OE_MAX_FACTS])
{
	return adapter->facts(reporter, queue, facts);
}

uint32_t oe_reset_history(const struct oe_adapter *adapter,
			  struct oe_reset_record records[OE_RESETS_KEPT])
{
	return adapter->history().copy(records);
}

int oe_get_link(struct oe_adapter *adapter, struct oe_link *link)
{
	return adapter->get_link(*link).to_kernel();
}

struct oe_tx_stats *oe_tx_stats(struct oe_adapter *adapter, uint32_t index)
{
	return &adapter->pair_stats(index).tx;
}

struct oe_tx_stats *oe_xdp_tx_stats(struct oe_adapter *adapter, uint32_t index)
{
	return &adapter->pair_stats(index).xdp_tx;
}

struct oe_rx_stats *oe_rx_stats(struct oe_adapter *adapter, uint32_t index)
{
	return &adapter->pair_stats(index).rx;
}

struct oe_global_stats *oe_global_stats(struct oe_adapter *adapter)
{
	return &adapter->global_stats();
}

uint32_t oe_stats_count(const struct oe_adapter *adapter)
{
	return adapter->stats_count();
}

void oe_stats_names(const struct oe_adapter *adapter, char (*names)[OE_STAT_NAME])
{
	adapter->stats_names(names);
}

void oe_stats_values(struct oe_adapter *adapter, uint64_t *values)
{
	adapter->stats_values(values);
}
