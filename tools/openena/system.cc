// SPDX-License-Identifier: GPL-2.0-or-later
#include "system.hh"

#include "descriptor.hh"
#include "ethtool.hh"
#include "queue_netlink.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace tool
{

namespace
{

constexpr size_t longest_file = 1 << 16;
System *chosen = nullptr;

} // namespace

const LinkFeature *LinkFacts::feature(const std::string &name) const
{
	const auto found = std::find_if(features.begin(), features.end(),
					[&](const LinkFeature &f) { return f.name == name; });
	return found == features.end() ? nullptr : &*found;
}

std::optional<uint64_t> LinkFacts::counter(const std::string &name) const
{
	for (const auto &[known, value] : counters)
		if (known == name)
			return value;
	return {};
}

std::optional<std::string> System::read(const std::string &path) const
{
	std::ifstream in(path_of(path));
	std::string text(longest_file, '\0');

	if (!in)
		return {};
	in.read(text.data(), static_cast<std::streamsize>(text.size()));
	if (in.bad())
		return {};
	text.resize(static_cast<size_t>(in.gcount()));
	while (!text.empty() && text.back() == '\n')
		text.pop_back();
	return text;
}

std::optional<uint64_t> System::number(const std::string &path) const
{
	const auto text = read(path);

	return text ? to_number(*text) : std::nullopt;
}

bool System::exists(const std::string &path) const
{
	std::error_code error;
	return std::filesystem::exists(path_of(path), error);
}

std::vector<std::string> System::list(const std::string &path) const
{
	std::vector<std::string> names;
	std::error_code error;

	for (std::filesystem::directory_iterator it(path_of(path), error), end; !error && it != end;
	     it.increment(error))
		names.push_back(it->path().filename());
	std::sort(names.begin(), names.end());
	return names;
}

std::string System::link_name(const std::string &path) const
{
	std::error_code error;
	const auto target = std::filesystem::read_symlink(path_of(path), error);
	return error ? "" : target.filename().string();
}

void System::write(const std::string &path, const std::string &text)
{
	const Descriptor file(::open(path_of(path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));

	if (!file ||
	    ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
		throw Trouble(format("\"%s\" cannot be written to %s: %s",
				     printable(text, 40).c_str(), printable(path).c_str(),
				     strerror(errno)));
}

std::optional<std::string> System::link_setting(const std::string &interface,
						const std::string &knob) const
{
	return read_link_setting(interface, knob);
}

void System::set_link(const std::string &interface, const std::string &knob,
		      const std::string &value)
{
	write_link_setting(interface, knob, value);
}

LinkFacts System::link(const std::string &interface) const
{
	return read_link(interface);
}

std::vector<std::pair<std::string, uint64_t>>
System::link_counters(const std::string &interface) const
{
	return read_link_counters(interface);
}

QueueCounts System::queue_stats(uint32_t interface_index) const
{
	return read_queue_stats(interface_index);
}

std::map<uint32_t, uint32_t> System::napi_queues(uint32_t interface_index) const
{
	return read_napi_queues(interface_index);
}

std::unique_ptr<PollMeter> System::polls() const
{
	return measure_polls();
}

std::string System::kernel() const
{
	utsname names{};
	return uname(&names) ? "unknown" : names.release;
}

unsigned int System::cpus() const
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? static_cast<unsigned int>(online) : 1;
}

System &this_system()
{
	static System system;
	return chosen ? *chosen : system;
}

void look_at(System *system)
{
	chosen = system;
}

} // namespace tool
