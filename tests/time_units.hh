/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times in nanoseconds, as the hosts of both cores count them. */
#ifndef TESTS_TIME_UNITS_HH
#define TESTS_TIME_UNITS_HH

#include <cstdint>

constexpr uint64_t ms = 1'000'000;
constexpr uint64_t second = 1000 * ms;

#endif
