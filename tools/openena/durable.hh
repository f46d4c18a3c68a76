/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are there as a whole or not at all, whenever the program or the machine ends. */
#ifndef TOOL_DURABLE_HH
#define TOOL_DURABLE_HH

#include "descriptor.hh"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tool
{

/* Makes the directories above it, too. Trouble names the file and the reason; the old one stays. */
void write_durably(const std::string &path, std::string_view text);
/* False if there is no such file; Trouble if it cannot be read. */
bool read_pieces(const std::string &path, const std::function<void(std::string_view)> &take);
/* The same; Trouble also if it has more than a megabyte. */
[[nodiscard]] std::optional<std::string> read_whole(const std::string &path);
void remove_durably(const std::string &path);

/* Held until it goes; Trouble if another program holds it. */
[[nodiscard]] Descriptor lock_file(const std::string &path);

} // namespace tool

#endif
