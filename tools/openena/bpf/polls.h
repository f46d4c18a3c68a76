/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What polls.bpf.c counts, for it and for polls.cc. */
#ifndef TOOL_BPF_POLLS_H
#define TOOL_BPF_POLLS_H

/* Packets a poll: 0, 1, 2 to 3, 4 to 7, ... 64 and more. */
#define POLLS_BATCHES 8
/* Nanoseconds from an interrupt to its poll: slot n is those from 2^n on; the last has all more. */
#define POLLS_WAITS 32

struct polls_key {
	unsigned int ifindex, napi;
};

struct polls_figures {
	unsigned long long packets;
	unsigned long long batches[POLLS_BATCHES];
	unsigned long long waits[POLLS_WAITS];
};

#endif
