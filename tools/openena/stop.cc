// SPDX-License-Identifier: GPL-2.0-or-later
/* openena stop: ends machines of "openena run", and clears away what is left of those that ended. */
#include "commands.hh"
#include "machines.hh"

namespace tool
{

namespace
{

class Stop : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "stop";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "end a virtual machine of openena run, and remove its files";
	}
	void declare(Options &options) override
	{
		options.texts("name", names_, "NAME", "of the machine, or of several");
		options.flag("--all", all_, "all machines");
		options.number(
			"--grace", grace_, 0, 3600, "SECONDS",
			"press the power button and wait so long, before QEMU is ended (0: at "
			"once)");
		options.text("--state-dir", directory_, "DIR", "where machines are kept");
	}
	int run(Streams &io) override
	{
		const Machines machines(directory_);

		if (all_ != names_.empty())
			throw Trouble("name the machines to stop, or give --all");
		if (all_)
			names_ = machines.names();
		for (const std::string &name : names_)
			machines.need(name);
		for (const std::string &name : names_) {
			machines.stop(name, static_cast<unsigned int>(grace_.value_or(0)));
			io.out.print("%s: stopped\n", name.c_str());
		}
		return exit_fine;
	}

    private:
	std::vector<std::string> names_;
	std::string directory_;
	std::optional<uint64_t> grace_;
	bool all_ = false;
};

} // namespace

std::unique_ptr<Command> make_stop()
{
	return std::make_unique<Stop>();
}

} // namespace tool
