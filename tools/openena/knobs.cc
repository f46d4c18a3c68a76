// SPDX-License-Identifier: GPL-2.0-or-later
#include "knobs.hh"

#include "text.hh"
#include "trouble.hh"

#include <algorithm>

namespace tool
{

namespace
{

/* Spaces, tabs and leading zeros say nothing. */
std::string bare(const std::string &value)
{
	std::string text;

	for (const char c : value)
		text += c == '\t' ? ' ' : c;
	if (text.find_first_not_of("0123456789abcdef,") != std::string::npos)
		return text;
	/* A mask, a number, or a list of numbers: only a mask has groups of eight digits. */
	const auto groups = split(text, ',');
	if (!std::all_of(groups.begin() + 1, groups.end(),
			 [](const auto &group) { return group.size() == 8; }))
		return text;
	std::erase(text, ',');
	const size_t first = text.find_first_not_of('0');
	return first == std::string::npos ? "0" : text.substr(first);
}

} // namespace

std::string Knobs::file_of(const std::string &knob) const
{
	if (knob.starts_with("irq ")) {
		const uint64_t index = number_within(knob.substr(4), 0, 1023, "interrupt");
		for (const Interface &i : find_interfaces(system_))
			if (i.name == interface_ && index + 1 < i.irqs.size())
				return format("/proc/irq/%u/smp_affinity_list",
					      i.irqs[index + 1].number);
		return "";
	}
	const std::string path = knob.starts_with("file ") ? knob.substr(5) : "";
	const bool ours = path.starts_with("/proc/sys/net/") ||
			  path.starts_with("/sys/class/net/" + interface_ + "/queues/");
	if (!ours || path.find("..") != std::string::npos)
		throw Trouble("\"" + printable(knob) + "\" is nothing that can be tuned");
	return path;
}

std::optional<std::string> Knobs::get(const std::string &knob) const
{
	if (knob.starts_with("link "))
		return system_.link_setting(interface_, knob.substr(5));
	const std::string path = file_of(knob);
	return path.empty() ? std::nullopt : system_.read(path);
}

void Knobs::set(const std::string &knob, const std::string &value)
{
	if (knob.starts_with("link ")) {
		system_.set_link(interface_, knob.substr(5), value);
		return;
	}
	const std::string path = file_of(knob);
	if (path.empty())
		throw Trouble(knob + ": there is no such interrupt now");
	system_.write(path, value);
}

bool Knobs::same(const std::string &a, const std::string &b)
{
	return bare(a) == bare(b);
}

std::string cpu_mask(const std::vector<unsigned int> &cpus)
{
	std::vector<uint32_t> words(1);
	std::string text;

	for (const unsigned int cpu : cpus) {
		words.resize(std::max<size_t>(words.size(), cpu / 32 + 1));
		words[cpu / 32] |= 1u << cpu % 32;
	}
	for (size_t i = words.size(); i-- > 0;)
		text += i + 1 == words.size() ? format("%x", words[i]) : format(",%08x", words[i]);
	return text;
}

} // namespace tool
