/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Part of the waist: EC2 instance types, and the allowance of an instance,
 * which all its adapters share. Under the same rules as ena_device.h.
 */
#ifndef OPENENA_ENA_INSTANCE_H
#define OPENENA_ENA_INSTANCE_H

#include "ena_device.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	ENA_INSTANCE_NAME_SIZE = 20,
	ENA_INSTANCE_MTU = 9001, /* of every type */
	ENA_INSTANCE_MAX_ADAPTERS = 32, /* that share an allowance */
};

enum ena_instance_adapter { ENA_INSTANCE_ENA, ENA_INSTANCE_82599, ENA_INSTANCE_NONE };

/* What Amazon publishes of a type; 0 in a number: nothing. */
struct ena_instance_type {
	char name[ENA_INSTANCE_NAME_SIZE];
	uint8_t adapter; /* enum ena_instance_adapter */
	bool ena_express;
	uint16_t queues, max_queues; /* pairs of one adapter */
	uint32_t baseline_mbps, peak_mbps; /* in each direction */
	uint32_t tcp_timeout_s; /* of a tracked connection */
};

/*
 * The type of that name, which lives forever; NULL with a sentence in @why if
 * there is none (it names the nearest ones), or if it has no ENA.
 */
const struct ena_instance_type *ena_instance_type_find(const char *name, char *why,
						       size_t why_size);
/* All types, in the order of their names, with and without ENA; NULL behind the last. */
const struct ena_instance_type *ena_instance_type_at(size_t index);
/* Queues, MTU and link speed of an adapter of that type. */
void ena_config_set_instance_type(struct ena_config *config, const struct ena_instance_type *type);
/* False, with a sentence in @why: @config is more than @type gives an adapter. */
bool ena_config_check_instance_type(const struct ena_config *config,
				    const struct ena_instance_type *type, char *why,
				    size_t why_size);

/* What an instance may send and receive. */
struct ena_allowance_config {
	uint32_t baseline_mbps, peak_mbps; /* in each direction */
	uint32_t burst_ms; /* at the peak, with full credits */
	uint32_t flow_mbps; /* of one flow, in each direction; 0: no limit */
	uint32_t pps; /* packets a second, both directions together; 0: no limit */
	uint32_t connections; /* tracked ones; 0: none is tracked */
	uint32_t tcp_timeout_s; /* of a silent one */
	uint32_t link_local_pps; /* of one adapter, to link-local services; 0: no limit */
	uint32_t wait_ms; /* a packet may wait, of the guest's time */
	uint32_t time_scale; /* how many seconds of the guest are one here */
};

/* Those of a type. What Amazon does not publish is assumed: Documentation/instance-types.rst. */
void ena_allowance_default(struct ena_allowance_config *config,
			   const struct ena_instance_type *type);
/* What of an adapter's numbers is assumed, because Amazon does not publish it. */
enum ena_assumed {
	ENA_ASSUMED_QUEUES = 1 << 0,
	ENA_ASSUMED_TCP_TIMEOUT = 1 << 1,
	ENA_ASSUMED_BURST = 1 << 2,
	ENA_ASSUMED_PPS = 1 << 3,
	ENA_ASSUMED_CONNECTIONS = 1 << 4,
	ENA_ASSUMED_WAIT = 1 << 5,
};
/* Those of @type, as enum ena_assumed. */
uint32_t ena_instance_type_assumed(const struct ena_instance_type *type);
/* The most queue pairs that an adapter of @type may have. */
uint16_t ena_instance_type_most_queues(const struct ena_instance_type *type);
/* True, or false with a sentence in @why that names the value and the limit. */
bool ena_allowance_check(const struct ena_allowance_config *config, char *why, size_t why_size);

/*
 * The allowance of an instance, shared by up to ENA_INSTANCE_MAX_ADAPTERS
 * adapters whose hosts have the same clock and thread. NULL when memory is out.
 * @config must have passed ena_allowance_check().
 */
struct ena_allowance;
struct ena_allowance *ena_allowance_new(const struct ena_allowance_config *config);
/* After the adapters. */
void ena_allowance_free(struct ena_allowance *allowance);
/*
 * Have @dev share @allowance, until it is freed. Once, right after creation; an
 * adapter that shares none is not limited. False: too many do.
 */
bool ena_device_share_allowance(struct ena_device *dev, struct ena_allowance *allowance);

#ifdef __cplusplus
}
#endif

#endif
