/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: commands declare their options here, and are found by name. */
#ifndef TOOL_CLI_HH
#define TOOL_CLI_HH

#include "output.hh"
#include "trouble.hh"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace CLI
{
class App;
}

namespace tool
{

/*
 * Where a command declares its options, with the variables that they fill; these
 * live as long as the command. A name with dashes is an option, one without is an
 * argument by place. A wrong value is Trouble.
 */
class Options {
    public:
	explicit Options(CLI::App &app) : app_(app)
	{
	}
	void flag(const char *names, bool &to, const char *help);
	void text(const char *names, std::string &to, const char *value, const char *help);
	/* May be given again and again. */
	void texts(const char *names, std::vector<std::string> &to, const char *value,
		   const char *help);
	void number(const char *names, std::optional<uint64_t> &to, uint64_t least, uint64_t most,
		    const char *value, const char *help);
	/* One of @words; the first of them is what it is without the option. */
	void choice(const char *names, std::string &to, const std::vector<std::string> &words,
		    const char *help);

    private:
	CLI::App &app_;
};

class Command {
    public:
	virtual ~Command() = default;
	[[nodiscard]] virtual const char *name() const = 0;
	[[nodiscard]] virtual const char *summary() const = 0;
	virtual void declare(Options &options) = 0;
	/* An exit status, or Trouble. */
	virtual int run(Streams &io) = 0;
};

/* All commands, in the order of the help. */
std::vector<std::unique_ptr<Command>> commands();

/* The program, given its arguments without its name. */
int run(std::span<const std::string> arguments, Streams &io);

} // namespace tool

#endif
