/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults as people write them: NAME[,OPTION=VALUE]..., several separated by ';'.
 * Documentation/faults.rst says what each does.
 */
#ifndef ENA_CORE_FAULT_TEXT_HH
#define ENA_CORE_FAULT_TEXT_HH

#include "faults.hh"

namespace ena
{

[[nodiscard]] const char *fault_name(Fault fault);
/* What its first filter selects, such as "queue"; null without one. */
[[nodiscard]] const char *fault_subject(Fault fault);

/*
 * Fills @rules and sets @count. False, with a sentence in @why: the text is
 * none, or there are more faults in it than @rules has room for.
 */
[[nodiscard]] bool parse_faults(const char *text, std::span<FaultRule> rules, size_t &count,
				std::span<char> why);
/* The rule in the same grammar, then how often it struck. */
void write_fault(const FaultRule &rule, std::span<char> text);

} // namespace ena

#endif
