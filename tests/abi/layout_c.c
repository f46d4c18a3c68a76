// SPDX-License-Identifier: GPL-2.0-or-later
/* The ABI as C11 sees it: the asserts of the headers, and figures to compare with C++. */
#include "abi/ena_admin.h"
#include "abi/ena_io.h"
#include "abi/ena_pci.h"
#include "abi/ena_regs.h"
#include "abi/ena_types.h"
#include "abi/ena_vf.h"

#include "layout.h"

#define ENTRY(type) {#type, sizeof(struct type), _Alignof(struct type)},
const struct layout layout_c[] = {LAYOUT_TYPES(ENTRY)};
const unsigned int layout_c_count = sizeof(layout_c) / sizeof(layout_c[0]);
