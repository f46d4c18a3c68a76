/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processors of the guest are in a guest of the guest, for TCG plugins. */
#ifndef OPENENA_TESTS_BENCH_NESTED_H
#define OPENENA_TESTS_BENCH_NESTED_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include <qemu-plugin.h>

enum { MAX_PROCESSORS = 64 };

/*
 * From VMRUN (AMD's) on, until the processor comes to the instruction behind it. KVM has one such
 * instruction. The last one is for processors beyond.
 */
static bool nested[MAX_PROCESSORS];
static _Atomic uint64_t behind_vmrun;

static const uint8_t vmrun[] = {0x0f, 0x01, 0xd8};

static inline void entered(unsigned int vcpu, void *unused)
{
	nested[MIN(vcpu, MAX_PROCESSORS - 1)] = true;
}

static inline void left(unsigned int vcpu, void *unused)
{
	nested[MIN(vcpu, MAX_PROCESSORS - 1)] = false;
}

/* Of each block, before it gets callbacks of its own: their order is that of their registration. */
static inline void look_for_vmrun(struct qemu_plugin_tb *tb)
{
	/* It ends its block. */
	struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, qemu_plugin_tb_n_insns(tb) - 1);
	uint8_t code[sizeof(vmrun)] = {};

	if (qemu_plugin_tb_vaddr(tb) == behind_vmrun)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, left, QEMU_PLUGIN_CB_NO_REGS, NULL);
	if (qemu_plugin_insn_data(last, code, sizeof(code)) != sizeof(code) ||
	    memcmp(code, vmrun, sizeof(code)) != 0)
		return;
	behind_vmrun = qemu_plugin_insn_vaddr(last) + sizeof(vmrun);
	qemu_plugin_register_vcpu_insn_exec_cb(last, entered, QEMU_PLUGIN_CB_NO_REGS, NULL);
}

#endif
