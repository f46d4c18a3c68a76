/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file in which a TCG plugin counts, and which readers outside QEMU see grow. */
#ifndef OPENENA_TESTS_BENCH_COUNTS_H
#define OPENENA_TESTS_BENCH_COUNTS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline void *map_counts(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	void *counts = MAP_FAILED;

	if (fd < 0)
		return NULL;
	if (!ftruncate(fd, size))
		counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return counts == MAP_FAILED ? NULL : counts;
}

/* Of the file that the plugin's only argument names, KEY=PATH: all zero. NULL, after a line on stderr. */
static inline void *open_counts(const char *key, size_t size, int argc, char **argv)
{
	const size_t length = strlen(key);
	void *counts;

	if (argc != 1 || strncmp(argv[0], key, length) != 0 || argv[0][length] != '=') {
		fprintf(stderr, "give the plugin %s=PATH, and nothing else\n", key);
		return NULL;
	}
	counts = map_counts(argv[0] + length + 1, size);
	if (!counts)
		fprintf(stderr, "%s cannot be written\n", argv[0] + length + 1);
	return counts;
}

#endif
