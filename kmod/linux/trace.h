/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints of the system "openena". All are at places where the core and the kernel meet anyway,
 * once a doorbell, a batch or a command; off, each is a jump over nothing.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM openena

#if !defined(OPENENA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define OPENENA_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

/* A register written: doorbells of all queues, unmasking, admin queue, resets. */
TRACE_EVENT(openena_doorbell,

	    TP_PROTO(const struct net_device *netdev, u32 offset, u32 value),

	    TP_ARGS(netdev, offset, value),

	    TP_STRUCT__entry(__array(char, dev, IFNAMSIZ) __field(u32, offset) __field(u32, value)),

	    TP_fast_assign(strscpy(__entry->dev, netdev->name, IFNAMSIZ); __entry->offset = offset;
			   __entry->value = value;),

	    TP_printk("%s: register %#x value %#x", __entry->dev, __entry->offset, __entry->value));

/* Packets that a poll found sent; one line for a batch of up to 64. */
TRACE_EVENT(openena_tx_completed,

	    TP_PROTO(const struct net_device *netdev, u32 queue, bool xdp, u32 packets),

	    TP_ARGS(netdev, queue, xdp, packets),

	    TP_STRUCT__entry(__array(char, dev, IFNAMSIZ) __field(u32, queue) __field(bool, xdp)
				     __field(u32, packets)),

	    TP_fast_assign(strscpy(__entry->dev, netdev->name, IFNAMSIZ); __entry->queue = queue;
			   __entry->xdp = xdp; __entry->packets = packets;),

	    TP_printk("%s: queue %u%s packets %u", __entry->dev, __entry->queue,
		      __entry->xdp ? " of XDP" : "", __entry->packets));

/* Likewise received, in so many buffers. */
TRACE_EVENT(openena_rx_completed,

	    TP_PROTO(const struct net_device *netdev, u32 queue, u32 packets, u32 buffers),

	    TP_ARGS(netdev, queue, packets, buffers),

	    TP_STRUCT__entry(__array(char, dev, IFNAMSIZ) __field(u32, queue) __field(u32, packets)
				     __field(u32, buffers)),

	    TP_fast_assign(strscpy(__entry->dev, netdev->name, IFNAMSIZ); __entry->queue = queue;
			   __entry->packets = packets; __entry->buffers = buffers;),

	    TP_printk("%s: queue %u packets %u buffers %u", __entry->dev, __entry->queue,
		      __entry->packets, __entry->buffers));

/* An admin command is over; feature 0: it is about none. */
TRACE_EVENT(openena_admin,

	    TP_PROTO(const struct net_device *netdev, const struct oe_admin_record *record),

	    TP_ARGS(netdev, record),

	    TP_STRUCT__entry(__array(char, dev, IFNAMSIZ) __field(u8, opcode) __field(u8, feature)
				     __field(int, err) __field(u64, ns)),

	    TP_fast_assign(strscpy(__entry->dev, netdev->name, IFNAMSIZ);
			   __entry->opcode = record->opcode; __entry->feature = record->feature;
			   __entry->err = record->err; __entry->ns = record->duration_ns;),

	    TP_printk("%s: opcode %u feature %u err %d ns %llu", __entry->dev, __entry->opcode,
		      __entry->feature, __entry->err, __entry->ns));

/* A reset was carried out, with all it takes to close the datapath and without opening it again. */
TRACE_EVENT(openena_reset,

	    TP_PROTO(const struct net_device *netdev, const char *reason, int err, u64 ns),

	    TP_ARGS(netdev, reason, err, ns),

	    TP_STRUCT__entry(__array(char, dev, IFNAMSIZ) __array(char, reason, 32)
				     __field(int, err) __field(u64, ns)),

	    TP_fast_assign(strscpy(__entry->dev, netdev->name, IFNAMSIZ);
			   strscpy(__entry->reason, reason, 32); __entry->err = err;
			   __entry->ns = ns;),

	    TP_printk("%s: %s err %d ns %llu", __entry->dev, __entry->reason, __entry->err,
		      __entry->ns));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
