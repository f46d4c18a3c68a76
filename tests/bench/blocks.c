// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCG plugin that counts how often the guest executes each block of instructions. The file that
 * blocks= names has struct block after struct block; a reader outside QEMU takes the difference
 * between two moments and finds the functions that the addresses belong to. What a guest of the guest
 * executes is not counted.
 */
#include <glib.h>

#include <qemu-plugin.h>

#include "counts.h"
#include "nested.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum { MAX_BLOCKS = 1 << 20, PROCESSORS = 2 };

struct block {
	/* Of the guest. In the first of the file, which is no block: how many follow. */
	uint64_t address;
	uint64_t instructions;
	/* By processor: each adds only to its own. The last one is for those beyond, too. */
	uint64_t executed[PROCESSORS];
};

/* The blocks, MAX_BLOCKS at most. The last one takes what more there are, under no address. */
static struct block *blocks;
static GMutex lock;

static void block_executed(unsigned int vcpu, void *data)
{
	struct block *block = data;
	volatile uint64_t *executed = &block->executed[MIN(vcpu, PROCESSORS - 1)];

	if (!nested[MIN(vcpu, MAX_PROCESSORS - 1)])
		*executed += block->instructions;
}

static void watch_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = &blocks[MAX_BLOCKS - 1];

	look_for_vmrun(tb);
	g_mutex_lock(&lock);
	if (blocks->address < MAX_BLOCKS - 2) {
		block = &blocks[blocks->address + 1];
		block->address = qemu_plugin_tb_vaddr(tb);
		blocks->address++;
	}
	block->instructions = qemu_plugin_tb_n_insns(tb);
	g_mutex_unlock(&lock);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, QEMU_PLUGIN_CB_NO_REGS, block);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	blocks = open_counts("blocks", MAX_BLOCKS * sizeof(*blocks), argc, argv);
	if (!blocks)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, watch_block);
	return 0;
}
