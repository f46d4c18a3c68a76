/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a configuration is refused. */
#ifndef ENA_CORE_WHY_HH
#define ENA_CORE_WHY_HH

#include <cstdarg>
#include <cstddef>
#include <cstdio>

namespace ena
{

/* Writes the sentence if there is room for one. */
class Why {
    public:
	Why(char *text, size_t size) : text_(text), size_(size)
	{
	}
	[[gnu::format(printf, 2, 3)]] bool refuse(const char *format, ...)
	{
		va_list args;
		va_start(args, format);
		if (text_ && size_)
			vsnprintf(text_, size_, format, args);
		va_end(args);
		return false;
	}

    private:
	char *text_;
	size_t size_;
};

} // namespace ena

#endif
