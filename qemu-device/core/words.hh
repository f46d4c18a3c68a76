/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How near one word is to another: for messages that name the one that was meant. */
#ifndef ENA_CORE_WORDS_HH
#define ENA_CORE_WORDS_HH

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace ena
{

/* How many letters must change, come or go to make one of the other; of 40 letters at most. */
[[nodiscard]] constexpr size_t word_distance(std::string_view a, std::string_view b)
{
	constexpr size_t longest = 40;
	const size_t rows = std::min(a.size(), longest), columns = std::min(b.size(), longest);
	std::array<size_t, longest + 1> row{};

	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 0; i < rows; i++) {
		size_t corner = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < columns; j++) {
			const size_t change = corner + (a[i] != b[j]);
			corner = row[j + 1];
			row[j + 1] = std::min({row[j] + 1, corner + 1, change});
		}
	}
	return row[columns];
}

} // namespace ena

#endif
