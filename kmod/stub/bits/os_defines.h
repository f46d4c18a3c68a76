/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for libstdc++'s own, which includes the C library's features.h. */
#ifndef _GLIBCXX_OS_DEFINES
#define _GLIBCXX_OS_DEFINES 1
#endif
