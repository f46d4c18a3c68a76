/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual functions under the management of their physical function: the part of the
 * waist that Documentation/extension.rst is about. The core takes the commands of the
 * physical function's driver and keeps what they set; the host, who has all the functions
 * and the switch between them, carries it out.
 */
#ifndef OPENENA_ENA_VFS_H
#define OPENENA_ENA_VFS_H

#include "ena_device.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ENA_DEVICE_MAX_VFS = 64 };

struct ena_vf_settings {
	uint8_t mac[6]; /* in force: given by the physical function, or made */
	bool mac_given;
	bool spoof_check;
	bool trusted;
	uint8_t link; /* enum ena_vf_link_state */
	uint16_t vlan; /* 1 to 4094; 0: none */
	uint8_t priority; /* 0 to 7 */
	uint32_t max_tx_mbps; /* 0: no limit */
};

struct ena_vf_counters {
	uint64_t rx_packets, rx_bytes, rx_drops, rx_broadcast, rx_multicast;
	uint64_t tx_packets, tx_bytes, tx_drops, tx_spoofed, tx_tagged;
};

/* Of a physical function's host, called from within calls into its core. All must be set. */
struct ena_vf_ops {
	/* These are the settings of @vf from now on. */
	void (*changed)(void *host, unsigned int vf, const struct ena_vf_settings *settings);
	/* What has passed since the function was made. @counters is all zero. */
	void (*count)(void *host, unsigned int vf, struct ena_vf_counters *counters);
	/* The switch has this mode from now on: enum ena_vf_switch_modes. */
	void (*switched)(void *host, uint8_t mode);
};

/*
 * @dev is a physical function with @total virtual functions, none of them enabled, whose
 * own addresses are @macs: it announces the extension. Once, before the guest runs; @host
 * goes to @ops, which are copied, and told what is set at first.
 */
void ena_device_manage_vfs(struct ena_device *dev, const struct ena_vf_ops *ops, void *host,
			   unsigned int total, const uint8_t (*macs)[6]);
/*
 * The mode of the switch at first, and again after a reset by the bus; at first VEB. After
 * ena_device_manage_vfs(); @ops are told.
 */
void ena_device_set_switch_mode(struct ena_device *dev, uint8_t mode);
/*
 * The first @count virtual functions are enabled. What was set for those that no longer are
 * is forgotten, and @ops told so. The driver's and the bus's resets of @dev change nothing.
 */
void ena_device_enable_vfs(struct ena_device *dev, unsigned int count);

/* The two settings that the core of a virtual function carries out itself; kept over resets. */

/*
 * The address that @dev has from the next time on that a driver starts. One that recovers from
 * a failure is told the old one: it would not go on with another.
 */
void ena_device_set_mac(struct ena_device *dev, const uint8_t mac[6]);
/* No more than @mbps may leave, in Mbit/s; 0: no limit. */
void ena_device_set_tx_rate(struct ena_device *dev, uint32_t mbps);

#ifdef __cplusplus
}
#endif

#endif
