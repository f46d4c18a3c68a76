/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of earlier releases, from tests/device/snapshots. */
#pragma once

#include <cstdint>
#include <vector>

/* Empty if there is none of that name. */
[[nodiscard]] std::vector<uint8_t> kept_snapshot(const char *name);
