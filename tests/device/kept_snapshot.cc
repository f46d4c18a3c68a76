// SPDX-License-Identifier: GPL-2.0-or-later
#include "kept_snapshot.hh"

#include <fstream>
#include <iterator>
#include <string>

std::vector<uint8_t> kept_snapshot(const char *name)
{
	std::ifstream file(std::string(SNAPSHOTS "/") + name, std::ios::binary);
	return {std::istreambuf_iterator<char>(file), {}};
}
