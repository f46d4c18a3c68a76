// SPDX-License-Identifier: GPL-2.0-or-later
/* The bodies of the tracepoints. */
#include "openena.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
