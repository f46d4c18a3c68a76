/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The waist of the driver. oe_* is the core (C++, no kernel header): it decides.
 * oek_* is what the core asks of the kernel: the C shim under linux/ implements
 * it, and so does the host test process. Nothing else crosses.
 *
 * Return values are 0 or a count, or a negative errno. "Process context" means
 * that the call may sleep.
 */
#ifndef OPENENA_BRIDGE_H
#define OPENENA_BRIDGE_H

#include "../abi/ena_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct oe_adapter; /* the core's: one PCI function */
struct oe_txq; /* the core's: TX submission and completion queue */
struct oe_rxq; /* the core's: RX submission and completion queue */
struct oe_kernel; /* the shim's: one PCI function */

enum oe_limits_const {
	OE_MAX_QUEUES = 128, /* queue pairs; the device usually offers fewer */
	OE_MAX_TX_BUFFERS = 19, /* of one packet: linear part, 17 fragments, one to spare */
	OE_BURST = 64, /* packets or buffers in one crossing */
	OE_RX_MAX_FRAGS = 32, /* of one received packet */
	OE_MAX_PUSH = 224, /* bytes of one packet pushed to the device */
	OE_MIN_RING = 256,
	OE_MIN_MTU = 128,
	OE_RSS_KEY_SIZE = 40,
	OE_REGISTERS = 23, /* words of a register dump: up to the device's status at 0x58 */
	OE_STAT_NAME = 32, /* ETH_GSTRING_LEN */
	OE_ERROR_TEXT = 80, /* NETLINK_MAX_FMTMSG_LEN */
	OE_RESETS_KEPT = 16, /* in the history */
	OE_MAX_FACTS = 12, /* in one answer of oe_facts() */
};

/* Why a request was refused, for extack: names the value and the limit. */
struct oe_error {
	char text[OE_ERROR_TEXT];
};

/* ---- kernel services: the core calls, the shim answers ------------------- */

/*
 * BAR0. writel orders earlier stores to coherent memory before the register. An
 * offset may come from the device: beyond the BAR nothing is written, and all
 * ones are read.
 */
uint32_t oek_readl(struct oe_kernel *kernel, uint32_t offset);
void oek_writel(struct oe_kernel *kernel, uint32_t offset, uint32_t value);

/*
 * BAR2, memory of the device for TX rings (LLQ): its size, 0 if there is none, and a copy of @len
 * bytes to it, both @offset and @len multiples of 8. Beyond the BAR nothing is written. The barrier
 * orders all pushes before a register written after it. Any context.
 */
uint32_t oek_push_size(struct oe_kernel *kernel);
void oek_push(struct oe_kernel *kernel, uint32_t offset, const void *from, uint32_t len);
void oek_push_barrier(void);

/* Coherent memory, zeroed, page aligned; NULL when out. Process context. */
void *oek_dma_alloc(struct oe_kernel *kernel, size_t size, uint64_t *bus);
void oek_dma_free(struct oe_kernel *kernel, size_t size, void *cpu, uint64_t bus);
/*
 * Bus mastering. Off: a device that could not be stopped no longer reaches the
 * memory that is given back. It is on at probe. Process context.
 */
void oek_allow_dma(struct oe_kernel *kernel, bool allow);
/*
 * Whether the bus lets writes to the registers through, which no register can tell. Of a virtual
 * function it says no more than that the way there is broken: else true. Process context.
 */
bool oek_registers_reachable(struct oe_kernel *kernel);
/* Ordinary memory, zeroed; NULL when out. Process context. */
void *oek_alloc(size_t size);
void oek_free(void *memory);
void oek_memcpy(void *to, const void *from, size_t n);

/* Two locks of the adapter; both sleep. ADMIN is taken outside REGISTERS. */
enum oe_lock { OE_LOCK_ADMIN, OE_LOCK_REGISTERS };
void oek_lock(struct oe_kernel *kernel, enum oe_lock lock);
void oek_unlock(struct oe_kernel *kernel, enum oe_lock lock);

/* At least @us microseconds, at most twice that. Process context. */
void oek_sleep_us(uint32_t us);
/* Monotonic ns. Any context. */
uint64_t oek_now_ns(void);
void oek_random(void *buf, size_t n);

/*
 * Wait until oek_wake_admin() or @timeout_us. A wake-up before the wait is not
 * lost; spurious ones happen. Process context.
 */
void oek_wait_admin(struct oe_kernel *kernel, uint32_t timeout_us);
void oek_wake_admin(struct oe_kernel *kernel); /* any context */

/* One admin command, for who watches. */
struct oe_admin_record {
	uint8_t opcode;
	uint8_t feature; /* of GET_FEATURE and SET_FEATURE; else 0 */
	int err; /* 0 or a negative errno */
	uint64_t duration_ns; /* with the wait for commands before it */
};
/* After each command. Process context. */
void oek_admin_done(struct oe_kernel *kernel, const struct oe_admin_record *record);

enum oe_log_level { OE_LOG_ERROR, OE_LOG_WARNING, OE_LOG_NOTICE, OE_LOG_DEBUG };
/* One line, no newline; the shim puts the device's name before it. Any context. */
void oek_log(struct oe_kernel *kernel, enum oe_log_level level, const char *text);

/* A pair that is open, as it is just now. */
struct oe_pair_state {
	uint64_t interrupts; /* since oe_open() */
	bool scheduled; /* its NAPI is to run, runs or is disabled */
};
/* Both in process context, from within oe_service(). The second has the pair's NAPI run once. */
void oek_pair_state(struct oe_kernel *kernel, uint32_t index, struct oe_pair_state *state);
void oek_poll_pair(struct oe_kernel *kernel, uint32_t index);

/* Carrier on or off. Any context. */
void oek_link(struct oe_kernel *kernel, bool up);
/* Ask for oe_reset_work() in process context, under the shim's rtnl. Any context. */
void oek_schedule_reset(struct oe_kernel *kernel);

/* What the driver tells the device about its host (feature 28). */
struct oe_host_facts {
	uint32_t kernel_version; /* LINUX_VERSION_CODE */
	char kernel_string[32];
	uint32_t driver_version[3];
	uint16_t bdf;
	uint16_t cpus;
};
void oek_host_facts(struct oe_kernel *kernel, struct oe_host_facts *facts);

/* ---- life of an adapter -------------------------------------------------- */

/* Fixed once probed; a reset that finds less than this fails. */
struct oe_info {
	uint8_t mac[6]; /* all zero: the device has none */
	uint32_t max_mtu;
	uint32_t dma_bits; /* 32 to 48 */
	uint32_t max_queues;
	uint32_t max_tx_ring, max_rx_ring; /* descriptors, powers of two */
	uint32_t max_tx_buffers; /* of one packet, at most OE_MAX_TX_BUFFERS */
	uint32_t rss_entries; /* size of the indirection table, 0: no RSS table */
	uint32_t least_push, largest_push; /* bytes of a packet pushed to the device; 0: no LLQ */
	bool rss_key; /* the hash key can be set */
	uint32_t flow_rules; /* size of the table that steers flows, 0: none */
	bool tx_csum_v4, tx_csum_v6, tso_v4, tso_v6, tso_ecn;
	bool rx_csum, rx_hash;
	bool moderation; /* delays can be set */
	bool readless;
	bool phc; /* there is a hardware clock */
	bool tx_stamps, rx_stamps; /* packets can be stamped with its time */
};

/*
 * Reset the device, set up the admin queue in polling mode and read what it
 * offers. @readless: PCI revision bit 0 is clear. On failure all is undone and
 * the reason logged. Process context; so are all functions of this section
 * except where said.
 */
int oe_probe(struct oe_kernel *kernel, bool readless, struct oe_adapter **adapter);
/* Resets the device, frees all. The datapath is closed. */
void oe_remove(struct oe_adapter *adapter);
const struct oe_info *oe_info(const struct oe_adapter *adapter);

/*
 * MSI-X vector 0 has its handler: admin completions and events arrive by
 * interrupt from now on. @vectors: how many the function got, the management
 * one included; bounds the queue count.
 */
int oe_interrupts_ready(struct oe_adapter *adapter, uint32_t vectors);
/* Before the handler of vector 0 goes: back to polling. */
void oe_interrupts_gone(struct oe_adapter *adapter);
/* The handler of vector 0. Hard interrupt context. */
void oe_mgmt_interrupt(struct oe_adapter *adapter);

/* Queues and rings that the next oe_open() will use. */
struct oe_settings {
	uint32_t queues; /* pairs, 1 to oe_max_queues() */
	uint32_t tx_ring, rx_ring;
	uint32_t rx_usecs, tx_usecs; /* interrupt delay, 0: none */
	/* RX delays are those of oe_set_rx_delay(), pair by pair, and not rx_usecs. */
	bool adaptive_rx;
	uint32_t mtu;
	/*
	 * First bytes of each packet pushed to TX rings in the device (LLQ), 0: TX rings are in host
	 * memory. Falls back to 0 at oe_open() if the device does not take it.
	 */
	uint32_t push;
	/*
	 * Frames of XDP are sent: by a second TX queue of each pair, or by the pair's only one where
	 * the device has no such queues left. No frame is longer than @xdp_frame, in bytes with
	 * Ethernet header and VLAN tag, for who takes a frame in one buffer only; 0: any length. That
	 * acts at once.
	 */
	bool xdp;
	uint32_t xdp_frame;
	/*
	 * Packets are stamped when they leave, or arrive. Off after oe_open() if the device does not
	 * do it.
	 */
	bool tx_stamps, rx_stamps;
};
uint32_t oe_max_queues(const struct oe_adapter *adapter);
/* With the other settings as they are: fewer where so many do not fit into the device's memory. */
uint32_t oe_queue_limit(const struct oe_adapter *adapter);
void oe_get_settings(const struct oe_adapter *adapter, struct oe_settings *settings);
/*
 * Check and take new settings; -EINVAL with a reason, and nothing changed.
 * Delays act at once; queues and rings at the next oe_open(); the MTU is told
 * to the device when the datapath is open. Under rtnl.
 */
int oe_set_settings(struct oe_adapter *adapter, const struct oe_settings *settings,
		    struct oe_error *error);

/*
 * Create the queues in the device and configure RSS and MTU. If the device
 * refuses for want of memory, the rings are halved down to OE_MIN_RING (look
 * at oe_get_settings() afterwards). On failure nothing is left. Under rtnl.
 */
int oe_open(struct oe_adapter *adapter);
/* Destroy the queues. NAPI is disabled; buffers still posted are the shim's. */
void oe_close(struct oe_adapter *adapter);

/*
 * The receiving side of pair @index: its RX queue, and its queue for XDP if it has one. They stop and
 * start again while all other queues go on, the pair's first TX queue among them. The datapath is
 * open, the pair's NAPI disabled, nobody submits to the queue for XDP. Under rtnl.
 *
 * Stopped: their buffers are the shim's, and oe_start_receiver() or oe_close() follows. On failure of
 * either a reset was asked for, and until then the queues do nothing; if it was of the stop, the
 * device may still use the buffers. -EINVAL: no such pair, or not open; -EOPNOTSUPP: its frames of
 * XDP share the TX queue that goes on. In both cases nothing happened.
 */
int oe_stop_receiver(struct oe_adapter *adapter, uint32_t index);
/* Empty: the shim posts buffers. */
int oe_start_receiver(struct oe_adapter *adapter, uint32_t index);

/*
 * Once a second while the adapter is registered: keep-alive, lost completions and interrupts,
 * admin failures, fatal errors. May call oek_schedule_reset().
 */
void oe_service(struct oe_adapter *adapter);

/* The stack's watchdog: TX queue @queue is stopped for too long. Asks for a reset. Any context. */
void oe_tx_timeout(struct oe_adapter *adapter, uint32_t queue);
/* Ask for a reset with a reason of enum ena_reset_reason. Any context. */
void oe_request_reset(struct oe_adapter *adapter, uint32_t reason);
bool oe_reset_pending(const struct oe_adapter *adapter);
/*
 * Carry out the reset asked for. Under rtnl; the shim has taken the datapath
 * down (NAPI off, oe_close()) before and opens it again after success. On
 * failure the core counts, and calls oek_schedule_reset() again later from
 * oe_service(); after its last try, or when resets are needed too often, it
 * logs that the device is given up, and all further oe_open() answer -EIO.
 */
int oe_reset_work(struct oe_adapter *adapter);
/*
 * The device is stopped by a reset of that reason, as is the clock; it does no DMA and answers no
 * command, and a reset is pending. The datapath is closed. Under rtnl.
 */
void oe_leave(struct oe_adapter *adapter, uint32_t reason);
/* The reset that is pending may be carried out, also of a device that was given up. Under rtnl. */
void oe_return(struct oe_adapter *adapter);

/* ---- TX: oe_tx_submit() under the TX queue lock, the rest in its NAPI ------ */

/* Not checked again: the shim's DMA mask and its limits see to it. */
struct oe_tx_buffer {
	uint64_t bus; /* below 2^48 */
	uint32_t len; /* 1 to 65535 */
};

enum oe_tx_flags {
	OE_TX_CSUM = 1, /* the L4 field holds the pseudo-header sum */
	OE_TX_TSO = 2, /* segment at mss; implies the checksums */
	OE_TX_IPV6 = 4,
	OE_TX_UDP = 8, /* else TCP */
	OE_TX_DF = 16,
	OE_TX_KICK = 32, /* ring the doorbell at once: for callers with nothing to file */
	OE_TX_XDP =
		64, /* of XDP: counted as such, and leaves a shared queue's last room to the stack */
};

struct oe_tx_packet {
	const void *header; /* the first bytes of the packet, which are in no buffer */
	const struct oe_tx_buffer *buffers;
	uint16_t header_len; /* at most oe_tx_push() */
	uint16_t nbuffers; /* at most oe_info.max_tx_buffers; 0 if the header is all */
	uint16_t flags;
	uint16_t mss;
	uint16_t l3_offset; /* bytes before the IP header */
	uint16_t l3_len; /* bytes of the IP header */
	uint16_t l4_len; /* bytes of the TCP header */
	uint32_t bytes; /* on the wire, for the statistics */
	uint32_t packets; /* segments */
};

struct oe_tx_result {
	uint16_t req_id; /* the shim files its skb under it; < ring depth */
	bool stop; /* no room for another largest packet: stop the queue */
};

struct oe_txq *oe_txq(struct oe_adapter *adapter, uint32_t index);
/*
 * The TX queue of pair @index for frames of XDP, NULL without oe_settings.xdp. One of its own is
 * served like the pair's other one, by the same vector and NAPI; who submits holds a lock of the
 * shim's. Or it is oe_txq() itself: who submits holds that one's lock, and ids of both kinds are
 * completed together.
 */
struct oe_txq *oe_xdp_txq(struct oe_adapter *adapter, uint32_t index);
/* The pair whose XDP queue takes what processor @cpu redirects to this adapter. While open. */
uint32_t oe_xdp_pair(const struct oe_adapter *adapter, uint32_t cpu);
/*
 * Write the descriptors of a packet. -EBUSY: no room; -EINVAL: impossible
 * packet. In both cases nothing happened. Without OE_TX_KICK the doorbell is
 * never rung for this packet: the shim files its skb under the id first, or a
 * completion would find nothing there, and then calls oe_tx_kick(); it is due
 * when the answer says stop.
 */
int oe_tx_submit(struct oe_txq *q, const struct oe_tx_packet *packet, struct oe_tx_result *result);
/* How many bytes of a packet the queue takes as its header; 0: none. */
uint32_t oe_tx_push(const struct oe_txq *q);
/* Ring the doorbell for what OE_TX_KICK left out. */
void oe_tx_kick(struct oe_txq *q);
/* How many packets of XDP of one buffer the queue takes now. Under the lock of who submits. */
uint32_t oe_tx_room(const struct oe_txq *q);
/*
 * Whether a stopped queue has room again. Any context. Begins with a full
 * barrier: what the caller stored before (the stop flag) is visible to the
 * other side before room is looked at. oe_tx_release() ends with one, so a
 * look at the stop flag after it cannot miss a queue that saw no room.
 */
bool oe_tx_has_room(const struct oe_txq *q);
/*
 * Up to @max ids of completed packets. They stay the shim's, with the
 * descriptors they hold, until oe_tx_release() of the same ids in the same
 * order. A completion that cannot be true asks for a reset and ends the burst.
 */
uint32_t oe_tx_completed(struct oe_txq *q, uint16_t *ids, uint32_t max);
void oe_tx_release(struct oe_txq *q, const uint16_t *ids, uint32_t n);
/* Of a completed packet that the shim has not: that cannot be true either. */
void oe_tx_refuse(struct oe_txq *q, uint16_t id);
/*
 * When the packet @id left, in ns on the hardware clock; 0: not known. Between oe_tx_completed() and
 * oe_tx_release().
 */
uint64_t oe_tx_stamp(const struct oe_txq *q, uint16_t id);

/* ---- RX: all in the queue's NAPI ----------------------------------------- */

enum oe_rx_csum { OE_RX_CSUM_NONE, OE_RX_CSUM_GOOD, OE_RX_CSUM_BAD };
enum oe_rx_hash { OE_RX_HASH_NONE, OE_RX_HASH_L3, OE_RX_HASH_L4 };

struct oe_rx_frag {
	uint16_t id;
	uint16_t len; /* at most the length posted */
};

struct oe_rx_packet {
	uint16_t first_frag; /* index in oe_rx_burst.frags */
	uint16_t nfrags;
	uint16_t offset; /* of the data in the first fragment */
	uint8_t csum; /* enum oe_rx_csum */
	uint8_t hash_type; /* enum oe_rx_hash */
	uint32_t hash; /* of hash_type; nothing without one */
	uint32_t len;
	uint64_t stamp_ns; /* when it arrived, on the hardware clock; 0: not known */
};

struct oe_rx_burst {
	uint32_t npackets;
	uint32_t nfrags;
	struct oe_rx_packet packets[OE_BURST];
	struct oe_rx_frag frags[OE_BURST + OE_RX_MAX_FRAGS];
};

struct oe_rx_buffer {
	uint64_t bus;
	uint32_t len; /* 1 to 65535 */
};

struct oe_rxq *oe_rxq(struct oe_adapter *adapter, uint32_t index);
/*
 * Up to min(@budget, OE_BURST) whole packets, with every id checked; their
 * buffers are the shim's again. Returns npackets. A completion that cannot be
 * true asks for a reset and ends the burst before it.
 */
uint32_t oe_rx_poll(struct oe_rxq *q, struct oe_rx_burst *burst, uint32_t budget);
/* How many buffers to post now (0 while posting would not be worth a doorbell). */
uint32_t oe_rx_wanted(const struct oe_rxq *q);
/*
 * The ids of the next buffers, oe_rx_wanted() of them, each < ring depth: the shim files what it posts
 * under them. They are those of buffers that came back, the last first. Good until the next
 * oe_rx_poll() or oe_rx_refill().
 */
const uint16_t *oe_rx_next_ids(const struct oe_rxq *q);
/* Post @n (at most oe_rx_wanted()) buffers, which get the next ids in their order. */
void oe_rx_refill(struct oe_rxq *q, const struct oe_rx_buffer *buffers, uint32_t n);

/* Of one pair, as in oe_settings. */
struct oe_delays {
	uint32_t rx_usecs, tx_usecs;
	bool adaptive_rx;
};
/*
 * Those of pair @index alone; they act at once, and stay until oe_set_settings() brings other delays
 * than before, which are for all pairs. -EINVAL with a reason. Under rtnl.
 */
int oe_set_delays(struct oe_adapter *adapter, uint32_t index, const struct oe_delays *delays,
		  struct oe_error *error);
/* As they are now: of an adaptive pair the delay last set. -EINVAL: no such pair. */
int oe_get_delays(const struct oe_adapter *adapter, uint32_t index, struct oe_delays *delays);
/*
 * The RX delay of pair @index from its next interrupt on, at most the device's longest; ignored
 * unless the pair's delays are adaptive. Any context, one caller a pair at a time.
 */
void oe_set_rx_delay(struct oe_adapter *adapter, uint32_t index, uint32_t usecs);

/*
 * Re-arm the vector of pair @index with the delays set, unless one of its rings is not believed any
 * more: they stay quiet until a reset. NAPI context.
 */
void oe_unmask(struct oe_adapter *adapter, uint32_t index);

/* ---- RSS. Under rtnl ------------------------------------------------------ */

void oe_rss_get(const struct oe_adapter *adapter, uint32_t *table, uint8_t *key);
/* Either may be NULL: unchanged. Acts at once when open. */
int oe_rss_set(struct oe_adapter *adapter, const uint32_t *table, const uint8_t *key,
	       struct oe_error *error);

/* Of a packet, for the hash; with the ABI's bits (enum ena_rss_field). */
enum oe_hash_field {
	OE_HASH_DST_IP = 0x04,
	OE_HASH_SRC_IP = 0x08,
	OE_HASH_DST_PORT = 0x10,
	OE_HASH_SRC_PORT = 0x20,
};
/*
 * What the hash is of, for packets of a type of enum oe_flow_type below. -EOPNOTSUPP: the device has
 * no choice there; -EINVAL: not of these fields. Set, it acts at once when open, and stays.
 */
int oe_hash_get_fields(const struct oe_adapter *adapter, uint32_t type, uint32_t *fields);
int oe_hash_set_fields(struct oe_adapter *adapter, uint32_t type, uint32_t fields,
		       struct oe_error *error);

/* ---- flow steering: before RSS. In process context, under rtnl ------------ */

/* The numbers of feature 30. */
enum oe_flow_type {
	OE_FLOW_IPV4 = 1, /* whatever it carries; so is IPV6 */
	OE_FLOW_IPV6,
	OE_FLOW_TCP4,
	OE_FLOW_TCP6,
	OE_FLOW_UDP4,
	OE_FLOW_UDP6,
};

/* In the place of a location: the lowest free one; the highest; none. */
enum oe_flow_location {
	OE_FLOW_ANY = 0xffffffff,
	OE_FLOW_LAST = 0xfffffffe,
	OE_FLOW_NONE = 0xfffffffd,
};

/* Bits that are 1 in a mask are compared. */
struct oe_flow_rule {
	uint32_t location; /* of several rules that fit, the lowest one wins */
	uint32_t queue;
	bool drop; /* asked for; no device can */
	uint8_t type; /* enum oe_flow_type */
	uint8_t tos, tos_mask;
	uint8_t dst_ip[16], dst_ip_mask[16]; /* as in the packet; IPv4 in the first four */
	uint8_t src_ip[16], src_ip_mask[16];
	uint16_t dst_port, dst_port_mask; /* in the host's order */
	uint16_t src_port, src_port_mask;
};

/*
 * Takes the place of a rule at the same location; sets the location if it was left open.
 * -EOPNOTSUPP, -EINVAL, -ENOSPC or what the device answers, with a reason, and nothing changed.
 * The core tells the device all rules again after a reset.
 */
int oe_flow_add(struct oe_adapter *adapter, struct oe_flow_rule *rule, struct oe_error *error);
/* -ENOENT: there is none. */
int oe_flow_remove(struct oe_adapter *adapter, uint32_t location, struct oe_error *error);
int oe_flow_remove_all(struct oe_adapter *adapter, struct oe_error *error);
int oe_flow_get(const struct oe_adapter *adapter, uint32_t location, struct oe_flow_rule *rule);
/* The first location in use from @from on, or OE_FLOW_NONE. */
uint32_t oe_flow_next(const struct oe_adapter *adapter, uint32_t from);

/* ---- accelerated RFS: rules that the kernel wants for a while --------------- */

/*
 * A rule for @flow, with all of its addresses and ports, to flow->queue; @kernel_id is what the
 * kernel calls it. Returns the number by which oek_rfs_may_expire() names it, the same one for the
 * same flow; -ENOSPC: enough flows are followed. oe_rfs_serve() makes the rule. Any context.
 */
int oe_rfs_want(struct oe_adapter *adapter, const struct oe_flow_rule *flow, uint32_t kernel_id);
/*
 * Make the rules that are wanted, end those that the kernel does not need. They have at most half of
 * the table, from its end, and a user's rule takes the place of one if there is no other. Not @wanted:
 * none are made, and wishes are forgotten. Process context, under rtnl.
 */
void oe_rfs_serve(struct oe_adapter *adapter, bool wanted);
/* Between wishes and work; not sleeping. */
void oek_rfs_lock(struct oe_kernel *kernel);
void oek_rfs_unlock(struct oe_kernel *kernel);
/* Whether the kernel can do without the rule of that number. Process context. */
bool oek_rfs_may_expire(struct oe_kernel *kernel, uint32_t queue, uint32_t kernel_id,
			uint32_t number);

/* ---- hardware clock ------------------------------------------------------- */

struct oe_phc_time {
	uint64_t ns; /* since 1970 */
	uint32_t error_bound_ns; /* how far it may be off */
};
/*
 * Ask the device, spinning until the answer is there, 20 ms at most. -EBUSY: no
 * answer, or one with an error, now or a moment ago; -EOPNOTSUPP: no clock, or
 * the device is being reset. Any context, one caller at a time.
 */
int oe_phc_read(struct oe_adapter *adapter, struct oe_phc_time *time);

/* ---- virtual functions of this one: all in process context ------------------- */

enum oe_vf_link { OE_VF_LINK_AUTO, OE_VF_LINK_ENABLED, OE_VF_LINK_DISABLED };

struct oe_vf_config {
	uint8_t mac[6];
	uint16_t vlan; /* 0: none */
	uint8_t priority;
	uint8_t link; /* enum oe_vf_link */
	bool spoof_check, trusted;
	uint32_t max_tx_mbps; /* 0: no limit */
};

/* Since the adapter was made. */
struct oe_vf_stats {
	uint64_t rx_packets, rx_bytes, rx_drops, rx_broadcast, rx_multicast;
	uint64_t tx_packets, tx_bytes, tx_drops;
};

/*
 * All of these: -EOPNOTSUPP where the device does not have OpenENA's extension
 * (Documentation/extension.rst); -EINVAL, -ERANGE or what the device answers, with a reason for
 * those that set something. The device keeps what is set until the virtual function is disabled,
 * also over a reset of this one.
 */
int oe_vf_get(struct oe_adapter *adapter, uint32_t vf, struct oe_vf_config *config);
int oe_vf_get_stats(struct oe_adapter *adapter, uint32_t vf, struct oe_vf_stats *stats);
/* All zero: the address that the device has made. */
int oe_vf_set_mac(struct oe_adapter *adapter, uint32_t vf, const uint8_t mac[6],
		  struct oe_error *error);
/* @protocol: of the tag, in the host's order. */
int oe_vf_set_vlan(struct oe_adapter *adapter, uint32_t vf, uint32_t vlan, uint32_t priority,
		   uint32_t protocol, struct oe_error *error);
int oe_vf_set_spoof_check(struct oe_adapter *adapter, uint32_t vf, bool on, struct oe_error *error);
int oe_vf_set_trust(struct oe_adapter *adapter, uint32_t vf, bool on, struct oe_error *error);
int oe_vf_set_link(struct oe_adapter *adapter, uint32_t vf, uint32_t link, struct oe_error *error);
int oe_vf_set_rate(struct oe_adapter *adapter, uint32_t vf, uint32_t min_mbps, uint32_t max_mbps,
		   struct oe_error *error);

enum oe_switch_mode { OE_SWITCH_VEB, OE_SWITCH_VEPA };

/* Who carries frames between the functions; kept until a reset of this one by the bus. Any context. */
int oe_switch_get_mode(const struct oe_adapter *adapter, uint32_t *mode);
/* Process context. */
int oe_switch_set_mode(struct oe_adapter *adapter, uint32_t mode, struct oe_error *error);

/* ---- diagnosis: all in process context, under rtnl ----------------------------- */

/*
 * The registers that can be read, each at its offset / 4; 0 where there is none. All ones from
 * the first one on that the device does not answer for.
 */
void oe_dump_registers(struct oe_adapter *adapter, uint32_t words[OE_REGISTERS]);
/*
 * Does the device read as one that works, and does it carry out a command? -EIO with a sentence if
 * not.
 */
int oe_test_registers(struct oe_adapter *adapter, struct oe_error *error);
int oe_test_admin(struct oe_adapter *adapter, struct oe_error *error);

/* ---- health: all in process context, under rtnl ---------------------------------- */

/* What can be at fault. */
enum oe_reporter {
	OE_REPORTER_DEVICE, /* fatal errors, registers that are silent, its own wish */
	OE_REPORTER_ADMIN,
	OE_REPORTER_KEEP_ALIVE,
	OE_REPORTER_TX,
	OE_REPORTER_RX,
	OE_REPORTERS
};

/* Why the device must be reset; the text is static. */
struct oe_fault {
	enum oe_reporter reporter;
	const char *text;
};
/*
 * The fault behind the reset that is pending: once for each, false after that, and false if nothing
 * is at fault (asked by user or system).
 */
bool oe_take_fault(struct oe_adapter *adapter, struct oe_fault *fault);

/* A number and its name, which is static. */
struct oe_fact {
	const char *name;
	uint64_t value;
};
/*
 * How it stands with what a reporter is about: returns how many facts. Of TX and RX they are about
 * one open queue, those of XDP behind the others, and none from the first @queue on that is not
 * open; for the other reporters @queue is 0.
 */
uint32_t oe_facts(struct oe_adapter *adapter, enum oe_reporter reporter, uint32_t queue,
		  struct oe_fact facts[OE_MAX_FACTS]);

struct oe_reset_record {
	uint64_t when_ns; /* oek_now_ns() of its end */
	const char *reason; /* static */
	bool failed; /* the device did not come back */
};
/* The last resets, latest first; returns how many. */
uint32_t oe_reset_history(const struct oe_adapter *adapter,
			  struct oe_reset_record records[OE_RESETS_KEPT]);

/* ---- link settings and statistics ----------------------------------------- */

struct oe_link {
	uint32_t speed_mbps; /* 0: the device does not say */
	uint32_t supported; /* ENA_LINK_* */
	bool autoneg, full_duplex;
};
int oe_get_link(struct oe_adapter *adapter, struct oe_link *link);

/*
 * Each counter has one mover. The core: cnt, bytes, prepare_ctx_err, doorbells,
 * bad_req_id, missed_tx, unmask_interrupt, lost_interrupt of TX; cnt, bytes, csum_*, bad_desc_num,
 * bad_req_id, empty_rx_ring of RX. The shim: all others. The core names all.
 */
struct oe_tx_stats {
	uint64_t cnt, bytes, queue_stop, prepare_ctx_err, queue_wakeup, dma_mapping_err;
	uint64_t linearize, linearize_failed, napi_comp, tx_poll, doorbells, bad_req_id;
	uint64_t missed_tx, unmask_interrupt;
	uint64_t lost_interrupt; /* the pair was polled instead; 0 of queues for XDP */
	uint64_t llq_buffer_copy; /* the shim's: headers that were not in one piece */
	/*
	 * The shim's, not in ethtool -S: packets on the wire that the device made a checksum of; what it
	 * cut into such, as it was before and as it was sent.
	 */
	uint64_t csum_packets, tso_packets, tso_bytes, tso_wire_packets, tso_wire_bytes;
};
struct oe_rx_stats {
	uint64_t cnt, bytes, csum_good, refil_partial, csum_bad, page_alloc_fail;
	uint64_t skb_alloc_fail, dma_mapping_err, bad_desc_num, bad_req_id, empty_rx_ring;
	uint64_t csum_unchecked;
	/* What became of frames that a program has seen. */
	uint64_t xdp_aborted, xdp_drop, xdp_pass, xdp_tx, xdp_invalid, xdp_redirect;
};
/* Of queue @index; kept over oe_close() and oe_open(). */
struct oe_tx_stats *oe_tx_stats(struct oe_adapter *adapter, uint32_t index);
struct oe_tx_stats *oe_xdp_tx_stats(struct oe_adapter *adapter, uint32_t index);
struct oe_rx_stats *oe_rx_stats(struct oe_adapter *adapter, uint32_t index);

struct oe_global_stats {
	uint64_t tx_timeout, interface_up, interface_down; /* moved by the shim */
	uint64_t total_resets, reset_fail, wd_expired; /* moved by the core */
	uint64_t device_rx_drops, device_tx_drops, device_rx_overruns; /* keep-alive */
};
struct oe_global_stats *oe_global_stats(struct oe_adapter *adapter);

/* ethtool -S, under the stock driver's names. */
uint32_t oe_stats_count(const struct oe_adapter *adapter);
void oe_stats_names(const struct oe_adapter *adapter, char (*names)[OE_STAT_NAME]);
void oe_stats_values(struct oe_adapter *adapter, uint64_t *values);

#ifdef __cplusplus
}
#endif

#endif
