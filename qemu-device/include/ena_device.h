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

/* What the core needs of its host. Every member must be set. */
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
	 * said that the peer resolves what it asks for. The memory is the
	 * core's again on return.
	 */
	enum ena_transmit_result (*transmit)(void *host, unsigned int queue,
					     const struct iovec *iov, int iovcnt,
					     const struct ena_vnet_hdr *hdr);
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
};
void ena_device_get_stats(const struct ena_device *dev, struct ena_device_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
