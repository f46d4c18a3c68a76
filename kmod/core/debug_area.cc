/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug_area.hh"

namespace oe
{

namespace
{

constexpr size_t page = 4096;
constexpr size_t largest = 16 * page;
/* Name, blank, number, end of the line. */
constexpr size_t longest_line = OE_STAT_NAME + 1 + 20 + 1;

} // namespace

Status DebugArea::allocate(oe_kernel *kernel, uint32_t counters)
{
	size_t size = (counters * longest_line + page - 1) / page * page;

	if (memory_.size())
		return {};
	before_ = 0;
	return memory_.allocate(kernel, size < largest ? size : largest);
}

void DebugArea::line(const Text<OE_STAT_NAME> &name, uint64_t value)
{
	Text<longest_line + 1> text;

	text << name.c_str() << " " << value << "\n";
	/* One byte stays zero, and ends the text. */
	if (written_ + text.length() >= memory_.size())
		return;
	__builtin_memcpy(memory_.as<char>() + written_, text.c_str(), text.length());
	written_ += text.length();
}

void DebugArea::end()
{
	if (written_ < before_)
		__builtin_memset(memory_.as<char>() + written_, 0, before_ - written_);
	before_ = written_;
}

} // namespace oe
