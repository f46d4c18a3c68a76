// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sizes of NAPI batches, and the time from an interrupt to the poll that it asks for. The kernel's
 * types are declared as far as they are used; libbpf puts them right for the kernel that runs.
 */
#include "polls.h"

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

struct napi_struct {
	struct net_device *dev;
	unsigned int napi_id;
} __attribute__((preserve_access_index));

struct irqaction;

/* The interfaces that somebody looks at. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u8);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct polls_key);
	__type(value, struct polls_figures);
} figures SEC(".maps");

/* When the interrupt began that this processor is in; 0: it is in none. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} interrupted SEC(".maps");

/* When the interrupt began that asked for a poll that has not begun. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} asked SEC(".maps");

static const struct polls_figures none;

static __always_inline __u32 log2_of(__u64 value)
{
	__u32 log = 0;

	for (__u32 bits = 32; bits; bits /= 2) {
		if (value >> bits) {
			value >>= bits;
			log += bits;
		}
	}
	return log;
}

static __always_inline struct polls_figures *figures_of(struct napi_struct *napi)
{
	struct polls_key key = {.ifindex = napi->dev->ifindex, .napi = napi->napi_id};
	struct polls_figures *found;

	if (!bpf_map_lookup_elem(&watched, &key.ifindex))
		return 0;
	found = bpf_map_lookup_elem(&figures, &key);
	if (found)
		return found;
	bpf_map_update_elem(&figures, &key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&figures, &key);
}

static __always_inline void set_interrupted(__u64 when)
{
	__u32 zero = 0;
	__u64 *since = bpf_map_lookup_elem(&interrupted, &zero);

	if (since)
		*since = when;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(interrupt_begins, int irq, struct irqaction *action)
{
	set_interrupted(bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(interrupt_ends, int irq, struct irqaction *action, int ret)
{
	set_interrupted(0);
	return 0;
}

/* Polls that nobody's interrupt asks for have no wait: timers, busy polling, threads. */
static __always_inline void ask(struct napi_struct *napi)
{
	__u32 zero = 0, ifindex = napi->dev->ifindex;
	__u64 *since = bpf_map_lookup_elem(&interrupted, &zero), key = (__u64)(unsigned long)napi;

	if (since && *since && bpf_map_lookup_elem(&watched, &ifindex))
		bpf_map_update_elem(&asked, &key, since, BPF_ANY);
}

SEC("fentry/__napi_schedule")
int BPF_PROG(asked_for, struct napi_struct *napi)
{
	ask(napi);
	return 0;
}

SEC("fentry/__napi_schedule_irqoff")
int BPF_PROG(asked_for_irqoff, struct napi_struct *napi)
{
	ask(napi);
	return 0;
}

SEC("fentry/__napi_poll")
int BPF_PROG(poll_begins, struct napi_struct *napi)
{
	__u64 key = (__u64)(unsigned long)napi, *since = bpf_map_lookup_elem(&asked, &key);
	struct polls_figures *found;
	__u32 slot;

	if (!since)
		return 0;
	slot = log2_of(bpf_ktime_get_ns() - *since);
	bpf_map_delete_elem(&asked, &key);
	found = figures_of(napi);
	if (found)
		__sync_fetch_and_add(&found->waits[slot < POLLS_WAITS ? slot : POLLS_WAITS - 1], 1);
	return 0;
}

SEC("tp_btf/napi_poll")
int BPF_PROG(polled, struct napi_struct *napi, int work, int budget)
{
	struct polls_figures *found = figures_of(napi);
	__u32 slot = work > 0 ? log2_of(work) + 1 : 0;

	if (!found)
		return 0;
	__sync_fetch_and_add(&found->packets, work > 0 ? work : 0);
	__sync_fetch_and_add(&found->batches[slot < POLLS_BATCHES ? slot : POLLS_BATCHES - 1], 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
