// SPDX-License-Identifier: GPL-2.0-or-later
/* openena console: a machine's serial console. */
#include "commands.hh"
#include "durable.hh"
#include "machines.hh"
#include "relay.hh"

#include <unistd.h>

namespace tool
{

namespace
{

class Console : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "console";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "the console of a virtual machine of openena run";
	}
	void declare(Options &options) override
	{
		options.text("name", name_, "NAME", "of the machine");
		options.flag("--log", log_, "print what the guest has said so far, and end");
		options.number(
			"--quiet", quiet_, 1, 3'600'000, "MS",
			"behind the end of the input: end when nothing has come for so long");
		options.text("--state-dir", directory_, "DIR", "where machines are kept");
	}
	int run(Streams &io) override
	{
		const Machines machines(directory_);

		if (name_.empty())
			throw Trouble("name the machine: see openena list");
		machines.need(name_);
		if (log_) {
			(void)read_pieces(machines.path(name_, "console.log"),
					  [&io](std::string_view piece) { io.out.write(piece); });
			return exit_fine;
		}
		if (!machines.running(name_))
			throw Trouble("the machine " + name_ +
				      " has ended; openena console --log " + name_ +
				      " prints what it said");
		if (io.out.is_terminal())
			io.err.line("Ctrl-] leaves the console; the machine goes on."),
				io.err.flush();
		/* One that comes ends this when the terminal is as it was. */
		const Signals signals;
		if (relay(machines.path(name_, "console"), STDIN_FILENO, quiet_, signals, io))
			io.err.line("openena: the machine has ended");
		return exit_fine;
	}

    private:
	std::string name_, directory_;
	std::optional<uint64_t> quiet_;
	bool log_ = false;
};

} // namespace

std::unique_ptr<Command> make_console()
{
	return std::make_unique<Console>();
}

} // namespace tool
