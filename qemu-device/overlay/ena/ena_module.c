// SPDX-License-Identifier: GPL-2.0-or-later
/* Built in, the type registers itself; plugin.c is the other way. */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "ena.h"

type_init(ena_register_types);
