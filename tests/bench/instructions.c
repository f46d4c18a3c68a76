// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCG plugin that counts the instructions of the guest. The file that count=
 * names holds a 64-bit number for each processor: a reader outside QEMU adds
 * them up and takes the difference between two moments. Behind these it holds one more for
 * each: what the processor has executed for a guest of the guest.
 */
#include <glib.h>

#include <qemu-plugin.h>

#include "counts.h"
#include "nested.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum { FILE_SIZE = 2 * MAX_PROCESSORS * sizeof(uint64_t) };

/* A processor adds only to its own; the last one is for processors beyond. */
static volatile uint64_t *executed;

static void block_executed(unsigned int vcpu, void *instructions)
{
	vcpu = MIN(vcpu, MAX_PROCESSORS - 1);
	executed[vcpu + nested[vcpu] * MAX_PROCESSORS] += GPOINTER_TO_SIZE(instructions);
}

static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	look_for_vmrun(tb);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, QEMU_PLUGIN_CB_NO_REGS,
					     GSIZE_TO_POINTER(qemu_plugin_tb_n_insns(tb)));
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	executed = open_counts("count", FILE_SIZE, argc, argv);
	if (!executed)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
	return 0;
}
