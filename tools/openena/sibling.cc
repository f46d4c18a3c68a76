// SPDX-License-Identifier: GPL-2.0-or-later
#include "sibling.hh"

#include "durable.hh"
#include "text.hh"
#include "trouble.hh"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace tool
{

void become_sibling(const char *program, const char *what)
{
	std::error_code error;
	const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
	const std::string path = self.parent_path() / program;
	/* Each word ends in a zero. */
	std::vector<std::string> words = split(read_whole("/proc/self/cmdline").value_or(""), '\0');
	std::vector<char *> arguments;

	if (!words.empty())
		words.pop_back();
	for (std::string &word : words)
		arguments.push_back(word.data());
	arguments.push_back(nullptr);
	if (!access(path.c_str(), X_OK))
		execv(path.c_str(), arguments.data());
	throw Trouble(printable(path) + " cannot be run, and it has " + what + ": " +
		      strerror(errno));
}

} // namespace tool
