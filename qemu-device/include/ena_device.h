/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The waist of the adapter: what its core (C++, host-independent) offers to a
 * host, and all that it asks of one. QEMU is a host; so are the test process
 * and the fuzzer.
 *
 * Threads: a function (struct ena_device) is not locked. The host makes every
 * call, ena_host callbacks included, from one thread at a time (in QEMU: under
 * the BQL). A callback never calls back into the core.
 */
#ifndef OPENENA_ENA_DEVICE_H
#define OPENENA_ENA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	ENA_DEVICE_BAR0_SIZE = 0x4000, /* registers at 0, queue registers from 0x1000 */
	ENA_DEVICE_MAX_QUEUES = 32, /* queue pairs */
	ENA_DEVICE_MAX_VECTORS = ENA_DEVICE_MAX_QUEUES + 1,
	ENA_DEVICE_MIN_RING_DEPTH = 256, /* Linux refuses less at probe */
	ENA_DEVICE_MAX_TX_DEPTH = 1024,
	ENA_DEVICE_MAX_RX_DEPTH = 8192,
	ENA_DEVICE_MIN_MTU = 128,
	ENA_DEVICE_MAX_MTU = 9216,
	ENA_DEVICE_MAX_TX_DESCS = 19, /* buffers of one packet: 17 fragments, head, one to spare */
	ENA_DEVICE_MAX_RX_DESCS = 17,
	ENA_DEVICE_MAX_FLOW_RULES = 64, /* each costs time for every frame */
};

/* Fixed at creation. ena_config_default() gives the defaults, ena_config_check() the limits. */
struct ena_config {
	uint8_t mac[6];
	uint16_t queues; /* queue pairs offered, 1 to ENA_DEVICE_MAX_QUEUES */
	uint16_t tx_depth; /* power of two */
	uint16_t rx_depth; /* power of two */
	uint16_t vectors; /* MSI-X vectors of this function: queues + 1 */
	uint32_t max_mtu;
	uint32_t speed_mbps; /* what feature 27 reports; 0 leaves the feature out */
	/*
	 * Features and offloads offered (bit = feature id; ENA_OFFLOAD_*): a
	 * subset of what the core implements, which is the default.
	 */
	uint32_t features;
	uint32_t tx_offloads;
	uint32_t rx_offloads;
	uint32_t keep_alive_ms; /* period of the keep-alive event, 0: none */
	uint16_t moderation_resolution_us;
	/* Timeouts in ms announced as hints (feature 3), 0: driver's default. */
	uint16_t hint_watchdog_ms;
	uint16_t hint_admin_ms;
	uint16_t hint_tx_completion_ms;
	uint16_t hint_mmio_read_ms;
	bool readless; /* false: PCI revision bit 0 set, registers by MMIO only */
	bool strict; /* insist on all that real adapters insist on */
	uint64_t fault_seed; /* of the dice that faults throw: equal seeds, equal throws */
	bool ena_express; /* reported, with its counters; the protocol (SRD) is not implemented */
	bool ena_express_udp;
	/* Feature 4, LLQ: what is offered, as masks in the terms of struct ena_llq_config. */
	bool llq;
	bool llq_meta_caching; /* false: every packet brings its meta descriptor */
	uint32_t llq_entry_sizes;
	uint32_t llq_descs_before_header;
	uint32_t llq_strides;
	uint16_t llq_entry_recommended; /* bytes: 128 or 256 */
	uint16_t llq_wide_depth; /* with entries of 256 bytes; 0: half of tx_depth */
	uint16_t llq_max_burst; /* bytes of entries of one doorbell, 0: any number */
	/* Hardware clock (feature 29). */
	uint32_t phc_rate; /* requests answered with the time in a second, 0: no limit */
	uint32_t phc_error_bound_ns; /* told with the time; all ones: unknown, an error */
	/* Timeouts told to the driver, as in struct ena_phc_config; 0: its own default. */
	uint32_t phc_expire_us;
	uint32_t phc_block_us;
	uint16_t flow_rules; /* of feature 30; 0 leaves the feature out */
	uint32_t fragment_pps; /* IP fragments sent in a second, 0: no limit; feature 8 lifts it */
};

/* Checksum and segmentation left to do, in the terms of the virtio-net header. */
enum ena_vnet_flags { ENA_VNET_NEEDS_CSUM = 1, ENA_VNET_DATA_VALID = 2 };
enum ena_vnet_gso {
	ENA_VNET_GSO_NONE = 0,
	ENA_VNET_GSO_TCPV4 = 1,
	ENA_VNET_GSO_TCPV6 = 4,
	ENA_VNET_GSO_ECN = 0x80, /* ORed to the type */
};

struct ena_vnet_hdr {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len; /* Ethernet to TCP header, both included */
	uint16_t gso_size; /* MSS */
	uint16_t csum_start;
	uint16_t csum_offset;
};

enum ena_transmit_result {
	ENA_TRANSMIT_SENT,
	/*
	 * Taken (the host has a copy), but no more until
	 * ena_device_transmit_ready().
	 */
	ENA_TRANSMIT_BUSY,
	ENA_TRANSMIT_DROPPED,
};

enum ena_note_level {
	ENA_NOTE_TRACE, /* what happened */
	ENA_NOTE_GUEST_ERROR, /* what the guest did wrong, and why it was refused */
};

struct ena_history_entry;

/* What the core needs of its host. Every member must be set, but for those that say so. */
struct ena_host_ops {
	/*
	 * Guest memory by bus address. False: the access failed (bus master
	 * off, no such memory), and nothing can be said of its effect.
	 */
	bool (*dma_read)(void *host, uint64_t addr, void *buf, size_t len);
	bool (*dma_write)(void *host, uint64_t addr, const void *buf, size_t len);
	/*
	 * A window on guest memory for a payload. *len is the length wanted,
	 * and on return the length given, which may be less (map the rest with
	 * another call). NULL: no mapping; the core then copies with
	 * dma_read/dma_write. @device_writes: for RX. Mappings live only
	 * within one call into the core; @used is how much was written.
	 */
	void *(*dma_map)(void *host, uint64_t addr, size_t *len, bool device_writes);
	void (*dma_unmap)(void *host, void *ptr, size_t len, bool device_writes, size_t used);
	/* An MSI-X message of @vector. */
	void (*raise)(void *host, unsigned int vector);
	/*
	 * A frame for the wire. @hdr is all zero unless ena_device_set_vnet()
	 * said that the peer resolves what it asks for, or stays_inside() did. The
	 * memory is the core's again on return.
	 */
	enum ena_transmit_result (*transmit)(void *host, unsigned int queue,
					     const struct iovec *iov, int iovcnt,
					     const struct ena_vnet_hdr *hdr);
	/*
	 * Whether a frame that begins so goes to functions of this adapter alone, if
	 * anywhere: ena_device_receive() resolves whatever it is asked for. NULL: it does not.
	 */
	bool (*stays_inside)(void *host, const uint8_t *head, size_t length);
	/* Ask for one ena_device_poll() soon, outside the present call. */
	void (*schedule)(void *host);
	/*
	 * Ask for ena_device_timer() once, when now() has reached
	 * @deadline_ns; replaces the earlier request. UINT64_MAX: none.
	 */
	void (*set_timer)(void *host, uint64_t deadline_ns);
	uint64_t (*now)(void *host); /* ns of the guest's clock */
	uint64_t (*real_time)(void *host); /* ns since 1970 (UTC), of the host's clock */
	/*
	 * RX can take frames again after ena_device_receive() refused one: the
	 * host should offer what it has held back (not within this call).
	 */
	void (*receive_ready)(void *host);
	/* One line for the people outside, without a newline. */
	void (*note)(void *host, enum ena_note_level level, const char *text);
	/*
	 * The same for tracing: everything that is written to the history, each
	 * time, without a limit. NULL: not wanted.
	 */
	void (*happened)(void *host, const struct ena_history_entry *entry);
};

struct ena_device;

void ena_config_default(struct ena_config *config);
/* True, or false with a sentence in @why that names the value and the limit. */
bool ena_config_check(const struct ena_config *config, char *why, size_t why_size);

/* Bytes of BAR2, a power of two; 0: the adapter has none, and no LLQ. */
size_t ena_config_llq_size(const struct ena_config *config);

/* NULL when memory is out. @config must have passed ena_config_check(). */
struct ena_device *ena_device_new(const struct ena_config *config, const struct ena_host_ops *ops,
				  void *host);
void ena_device_free(struct ena_device *dev);

/*
 * Where BAR2 is: ena_config_llq_size() bytes, aligned to 8, that live as long as @dev.
 * The guest writes to it without asking, also while the core reads. Without this,
 * feature 4 is not offered. Call it before the guest runs.
 */
void ena_device_set_llq_memory(struct ena_device *dev, const void *memory);

/*
 * Power-on state: as after creation. For bus reset, FLR and machine reset; the
 * link state is the host's and stays.
 */
void ena_device_reset(struct ena_device *dev);
/* From D0 to D3hot: its driver, if it has one, goes on when it wakes. The state survives. */
void ena_device_sleep(struct ena_device *dev);

/*
 * The function's state for a host that moves the guest, in a versioned format
 * of its own (Documentation/migration.rst), the same on every machine. Not in
 * it: guest memory, the link at the host's end, the abilities of its peer, its
 * readiness to transmit, and what it was asked for with schedule() and set_timer().
 *
 * Returns the size of the snapshot; more than @size: nothing useful was written
 * (a @size of 0 asks for the size). 0: the state breaks a rule of its own, @why
 * says which. Nothing may be called between the two calls.
 */
size_t ena_device_save(struct ena_device *dev, void *buf, size_t size, char *why, size_t why_size);
/*
 * Replaces the state; the configurations of both ends must agree. The bytes are
 * not trusted. False: @why is a sentence that names section, field, value and
 * limit, and the function is as after creation. True: call ena_device_set_link()
 * with the link of this host, and offer it the frames that were held.
 */
bool ena_device_load(struct ena_device *dev, const void *buf, size_t size, char *why,
		     size_t why_size);
/* No snapshot is larger, so that a host can refuse a length before it believes it. */
enum { ENA_DEVICE_MAX_SNAPSHOT = 1 << 20 };

/* BAR0. @size is 1, 2, 4 or 8; only aligned 32-bit accesses mean something. */
uint64_t ena_device_mmio_read(struct ena_device *dev, uint64_t offset, unsigned int size);
void ena_device_mmio_write(struct ena_device *dev, uint64_t offset, uint64_t value,
			   unsigned int size);

/*
 * Work asked for by schedule(): a bounded piece; it schedules itself again if
 * more is left.
 */
void ena_device_poll(struct ena_device *dev);
/* The deadline of set_timer() has come. A call too early does no harm. */
void ena_device_timer(struct ena_device *dev);
/* The host can transmit again after ENA_TRANSMIT_BUSY. */
void ena_device_transmit_ready(struct ena_device *dev);
void ena_device_set_link(struct ena_device *dev, bool up);
/*
 * What the PCI configuration allows, to say why DMA failed and that interrupts are
 * lost; it changes nothing else. Default: both.
 */
void ena_device_set_pci(struct ena_device *dev, bool bus_master, bool msix);
/*
 * Whether the peer takes checksum (@csum) and TSO requests in a virtio-net
 * header. Default: neither, the core does both.
 */
void ena_device_set_vnet(struct ena_device *dev, bool csum, bool tso4, bool tso6, bool ecn);
/* Post an UPDATE_HINTS notification with the hints of @config's hint_ fields. */
void ena_device_update_hints(struct ena_device *dev, const struct ena_config *config);

enum {
	ENA_DEVICE_WHY_SIZE = 1536, /* room for any sentence of ena_device_inject() */
	ENA_DEVICE_FAULT_SIZE = 256, /* of one fault as text */
};
/*
 * Break the adapter on purpose. @text: faults as Documentation/faults.rst has
 * them, which are added to those that are set; "none" clears all. False, with a
 * sentence in @why: nothing was changed. Faults outlive a reset.
 */
bool ena_device_inject(struct ena_device *dev, const char *text, char *why, size_t why_size);
/* The @index'th fault that is set, with how often it struck; false: there is none. */
bool ena_device_fault(const struct ena_device *dev, unsigned int index, char *text, size_t size);

/*
 * Have an event of @group (enum ena_aenq_group) told to the driver: at once, or
 * as soon as it has enabled the group and given a slot of its event queue. What
 * waits is a state of the group, not a queue. @value: syndrome of FATAL_ERROR
 * (which also sets DEV_STS.FATAL_ERROR) and WARNING, bitmap of
 * CONF_NOTIFICATIONS; else unused: the present link state, hints, counters are
 * told. Null, or a sentence why not.
 */
const char *ena_device_post_event(struct ena_device *dev, unsigned int group, uint64_t value);

/*
 * False: a frame offered now is dropped and counted (no running RX queue, link
 * down, in reset).
 */
bool ena_device_can_receive(const struct ena_device *dev);

enum ena_receive_result {
	ENA_RECEIVE_TAKEN, /* delivered, or dropped and counted */
	ENA_RECEIVE_HOLD, /* no buffer: offer it again after receive_ready() */
};

/*
 * A frame from the wire, without FCS. @hdr: what the sender left undone
 * (NEEDS_CSUM, GSO: the core resolves it), or NULL.
 */
enum ena_receive_result ena_device_receive(struct ena_device *dev, const struct iovec *iov,
					   int iovcnt, const struct ena_vnet_hdr *hdr);

/* Totals since creation, kept over resets. */
struct ena_device_stats {
	uint64_t tx_packets, tx_bytes, tx_drops;
	uint64_t rx_packets, rx_bytes, rx_drops, rx_overruns;
	uint64_t resets;
	uint32_t last_reset_reason; /* enum ena_reset_reason */
	/* Packets that the driver handed over in LLQ entries, and the bytes it pushed of them. */
	uint64_t tx_llq_packets, tx_llq_header_bytes;
};
void ena_device_get_stats(const struct ena_device *dev, struct ena_device_stats *stats);

/* --- looking inside ------------------------------------------------------- */

/*
 * All of these may be called whenever the core may be; none changes anything. What
 * they give is plain: numbers as the driver or the ABI has them, positions of rings
 * free-running. Text from the guest is reduced to printable ASCII.
 */

enum ena_history_kind {
	ENA_HISTORY_ACCESS_REFUSED, /* of a register, doorbell, ring */
	ENA_HISTORY_COMMAND_REFUSED, /* an admin command was not answered with success */
	ENA_HISTORY_PACKET_DROPPED, /* TX */
	ENA_HISTORY_FRAME_DROPPED, /* RX */
	ENA_HISTORY_QUEUE_CREATED,
	ENA_HISTORY_QUEUE_STOPPED, /* the guest broke it: ignored until created again */
	ENA_HISTORY_QUEUE_DESTROYED,
	ENA_HISTORY_RESET_BEGUN, /* DEV_CTL.RESET set */
	ENA_HISTORY_RESET_FINISHED, /* and cleared */
	ENA_HISTORY_POWER_ON, /* bus reset, FLR, machine reset */
	ENA_HISTORY_EVENT_POSTED, /* to the driver's event queue */
	ENA_HISTORY_INTERRUPT_LOST, /* MSI-X was off */
	ENA_HISTORY_DMA_FAILED,
	ENA_HISTORY_FATAL_ERROR,
	ENA_HISTORY_DRIVER, /* has told who it is */
	ENA_HISTORY_LINK,
	ENA_HISTORY_FAULT, /* one that was asked for has struck */
	ENA_HISTORY_KINDS
};

enum ena_history_field {
	ENA_HISTORY_QUEUE,
	ENA_HISTORY_REQ_ID,
	ENA_HISTORY_VECTOR,
	ENA_HISTORY_GROUP, /* enum ena_aenq_group */
	ENA_HISTORY_OPCODE,
	ENA_HISTORY_FEATURE,
	ENA_HISTORY_STATUS, /* enum ena_admin_status */
	ENA_HISTORY_RESET_REASON,
	ENA_HISTORY_CONTROL, /* DEV_CTL as written */
	ENA_HISTORY_ADDRESS,
	ENA_HISTORY_LENGTH,
	ENA_HISTORY_SYNDROME,
	ENA_HISTORY_FIELDS
};

enum { ENA_HISTORY_SIZE = 256, ENA_HISTORY_TEXT = 208 };

struct ena_history_entry {
	enum ena_history_kind kind;
	uint32_t fields; /* which values mean something; bit = enum ena_history_field */
	uint64_t count; /* how often, from first to last */
	uint64_t first_ns, last_ns; /* guest's clock */
	uint64_t values[ENA_HISTORY_FIELDS]; /* of the last */
	const char *reason; /* of a drop, a stop, a failure; static, or NULL */
	char text[ENA_HISTORY_TEXT]; /* one sentence, of the first */
};

/*
 * The newest ENA_HISTORY_SIZE entries, kept over resets. @index 0 is the oldest.
 * NULL: no more. Valid until the next call that is not of this section.
 */
const struct ena_history_entry *ena_device_history(const struct ena_device *dev,
						   unsigned int index);
/* Never NULL: names with hyphens. */
const char *ena_history_kind_name(enum ena_history_kind kind);
const char *ena_history_field_name(enum ena_history_field field);

/* Dropped since creation, by reason. */
struct ena_drop_count {
	const char *reason; /* a static sentence */
	bool tx;
	uint64_t packets;
};
/* NULL: there are no more than @index reasons. */
const struct ena_drop_count *ena_device_drops(const struct ena_device *dev, unsigned int index);

/* A reset by the driver. */
struct ena_reset_info {
	uint64_t time_ns; /* guest's clock */
	uint32_t control; /* DEV_CTL as written */
	uint32_t reason; /* as encoded in it: enum ena_reset_reason */
	const char *name; /* of the reason */
	uint32_t likely_reason; /* another, if the driver could not have encoded it */
	const char *remark; /* what else the adapter knows of it, or NULL */
	uint32_t queues; /* submission queues that were live */
};
enum { ENA_RESET_REASONS_COUNTED = 32 };
struct ena_resets {
	uint64_t count; /* since creation */
	uint64_t by_reason[ENA_RESET_REASONS_COUNTED]; /* the last: it and all above */
	struct ena_reset_info last; /* if count is not 0 */
	/* The last that was more than a start or a stop of a driver; time_ns 0: none. */
	struct ena_reset_info last_failure;
};
void ena_device_get_resets(const struct ena_device *dev, struct ena_resets *resets);
const char *ena_reset_reason_name(uint32_t reason);

/* A queue pair of the ABI's: completion queue and, if it is live, submission queue. */
struct ena_queue_info {
	uint16_t index;
	bool tx; /* if has_sq: a completion queue alone has no direction */
	bool on_device; /* placement: LLQ in BAR2, not host memory */
	bool has_sq;
	uint16_t sq_depth, cq_depth;
	uint16_t sq_entry_size, cq_entry_size; /* bytes */
	uint64_t sq_address, cq_address; /* bus; the first of LLQ: offset in BAR2 */
	uint16_t head; /* next entry that the adapter reads */
	uint16_t tail; /* as the driver rang */
	uint16_t cq_tail; /* next completion that the adapter writes */
	uint8_t sq_phase, cq_phase; /* that these entries must have, will have */
	uint16_t buffers; /* RX: posted and not used, those read ahead included */
	bool starving; /* RX: a frame found no buffer, none was posted since */
	const char *stopped; /* why, or NULL */
	int32_t vector; /* -1: none */
	bool armed; /* the next completion sends the message */
	bool pending; /* completions were written that no message has told */
	uint64_t packets, bytes, drops; /* since the submission queue was created */
};
/* False: there is no completion queue @index (below 2 * ENA_DEVICE_MAX_QUEUES). */
bool ena_device_queue_info(const struct ena_device *dev, unsigned int index,
			   struct ena_queue_info *info);

struct ena_ring_info {
	bool active;
	uint64_t address;
	uint16_t depth;
	uint16_t head, tail;
};
struct ena_control_info {
	uint32_t status; /* DEV_STS */
	struct ena_ring_info aq; /* head: next command; tail: as rung */
	struct ena_ring_info acq; /* tail: next completion */
	bool aq_failed; /* until reset */
	struct ena_ring_info aenq; /* head: as written by the driver; tail: next event */
	uint16_t aenq_credits; /* events that may be posted now */
	uint32_t event_groups_offered, event_groups_enabled, event_groups_waiting;
	uint64_t events_posted[8]; /* since creation, by enum ena_aenq_group */
	bool management_masked, management_pending; /* INTR_MASK */
	uint64_t readless_address; /* MMIO_RESP; 0: none */
};
void ena_device_control_info(const struct ena_device *dev, struct ena_control_info *info);

/* What the driver has set, or left as it is after a reset. */
struct ena_settings_info {
	bool link_up;
	uint32_t speed_mbps;
	uint32_t mtu;
	uint32_t features; /* offered; bit = enum ena_feature_id */
	bool rss_key_set;
	uint8_t rss_key[40]; /* as the driver gave it */
	uint32_t rss_initial;
	uint16_t rss_sort; /* ENA_RSS_SORT_* */
	uint16_t rss_fields[16]; /* by enum ena_rss_proto: ENA_RSS_L3_SA, ... */
	uint16_t rss_entries;
	uint16_t rss_table[128]; /* RX queue of each entry; 0xffff: not set */
};
void ena_device_settings_info(const struct ena_device *dev, struct ena_settings_info *info);

/* The page of feature 28, read from the guest now. */
struct ena_driver_info {
	uint64_t address; /* 0: the driver has given none since the reset */
	bool readable;
	uint32_t os_type; /* enum ena_os_type */
	const char *os_name;
	char distribution[129], kernel[33];
	uint32_t distribution_code, kernel_code;
	uint8_t driver_major, driver_minor, driver_subminor, driver_module;
	uint8_t spec_major, spec_minor;
	uint16_t bdf, cpus;
	uint32_t network_features[2];
	uint32_t features; /* ENA_DRIVER_* */
	uint64_t debug_address; /* 0: none */
	uint32_t debug_size;
};
void ena_device_driver_info(const struct ena_device *dev, struct ena_driver_info *info);
/* Of a bit of ena_driver_info.features; NULL: no name known. */
const char *ena_driver_feature_name(unsigned int bit);

enum { ENA_DEBUG_AREA_MAX = 64 * 1024 };
/*
 * The driver's debug area as it is now: up to @size (at most ENA_DEBUG_AREA_MAX)
 * bytes. Returns how many; 0: there is none, or it cannot be read.
 */
size_t ena_device_read_debug_area(const struct ena_device *dev, void *buf, size_t size);
/*
 * The length of the text that @buf begins with, if it is lines "name value" as
 * Linux's own driver writes; else 0.
 */
size_t ena_debug_area_text(const void *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
