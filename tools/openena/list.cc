// SPDX-License-Identifier: GPL-2.0-or-later
/* openena list: the machines of "openena run". */
#include "commands.hh"
#include "json.hh"
#include "machines.hh"

#include <filesystem>

namespace tool
{

namespace
{

class List : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "list";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "the virtual machines that openena run has started";
	}
	void declare(Options &options) override
	{
		options.text("--state-dir", directory_, "DIR", "where machines are kept");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		const Machines machines(directory_);
		Table table({{"name"},
			     {"state"},
			     {"process", true},
			     {"instance type"},
			     {"driver"},
			     {"image"},
			     {"network"},
			     {"ssh port", true}});
		Json json{Json::Array{}};

		for (const std::string &name : machines.names()) {
			const auto pid = machines.running(name);
			const Json facts = machines.facts(name);
			const auto fact = [&](const char *what) {
				const Json *value = facts.find(what);
				return value && !value->is_null() ? value->plain() : "-";
			};
			table.row({name, pid ? "running" : "ended",
				   pid ? std::to_string(*pid) : "-", fact("instance_type"),
				   fact("driver"), std::filesystem::path(fact("image")).filename(),
				   fact("network"), fact("ssh_port")});
			Json item;
			item.set("name", name);
			item.set("running", pid.has_value());
			item.set("process", pid ? Json(*pid) : Json());
			item.set("qmp", machines.path(name, "qmp"));
			item.set("console_log", machines.path(name, "console.log"));
			item.set("machine", facts);
			json.add(item);
		}
		if (json_)
			io.out.line(json.dump());
		else if (table.empty())
			io.out.line("No machine.");
		else
			table.print(io.out);
		return exit_fine;
	}

    private:
	std::string directory_;
	bool json_ = false;
};

} // namespace

std::unique_ptr<Command> make_list()
{
	return std::make_unique<List>();
}

} // namespace tool
