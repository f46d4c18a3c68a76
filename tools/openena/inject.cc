// SPDX-License-Identifier: GPL-2.0-or-later
/* openena inject: breaks an adapter of a running machine on purpose. */
#include "commands.hh"
#include "json.hh"
#include "machines.hh"
#include "qmp.hh"
#include "text.hh"

#include "core/fault_text.hh"

namespace tool
{

namespace
{

class Inject : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "inject";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "break an adapter of a running virtual machine on purpose";
	}
	void declare(Options &options) override
	{
		options.texts(
			"fault", faults_, "FAULT",
			"NAME[,OPTION=VALUE]..., such as tx-completion-lost,count=1; none: show "
			"those that are set");
		choice_.declare(options);
		options.flag("--clear", clear_, "first clear all that are set");
		options.flag("--list", list_, "list the faults that there are");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		if (list_)
			return list(io.out);
		check();
		Qmp qmp(choice_.monitor());
		Adapter adapter(qmp, choice_.id());
		if (clear_)
			adapter.set("inject", "none");
		if (!faults_.empty())
			adapter.set("inject", text_);
		show(adapter, io.out);
		return exit_fine;
	}

    private:
	/* By the adapter's own grammar, before a machine is asked. */
	void check()
	{
		std::array<ena::FaultRule, ena::Faults::max_rules> rules;
		std::array<char, 2048> why{};
		size_t count = 0;

		for (const std::string &fault : faults_)
			text_ += (text_.empty() ? "" : ";") + fault;
		if (!faults_.empty() && !ena::parse_faults(text_.c_str(), rules, count, why))
			throw Trouble(why.data());
	}

	int list(Output &out) const
	{
		Table table({{"fault"}, {"may name a"}});
		Json json{Json::Array{}};

		for (size_t i = 0; i < ena::fault_count; i++) {
			const auto fault = static_cast<ena::Fault>(i);
			const char *subject = ena::fault_subject(fault);
			Json item;
			item.set("fault", ena::fault_name(fault));
			item.set("subject", subject ? Json(subject) : Json());
			json.add(item);
			table.row({ena::fault_name(fault), subject ? subject : ""});
		}
		if (json_)
			out.line(json.dump());
		else
			table.print(out);
		return exit_fine;
	}

	void show(Adapter &adapter, Output &out) const
	{
		const Json set = adapter.get("faults");

		if (json_) {
			Json json;
			json.set("adapter", adapter.id());
			json.set("faults", set);
			out.line(json.dump());
		} else if (!set.array() || set.array()->empty()) {
			out.print("%s: no fault is set\n", adapter.id().c_str());
		} else {
			for (const Json &fault : *set.array())
				out.print("%s: %s\n", adapter.id().c_str(), fault.plain().c_str());
		}
	}

	std::vector<std::string> faults_;
	AdapterChoice choice_;
	std::string text_;
	bool clear_ = false, list_ = false, json_ = false;
};

} // namespace

std::unique_ptr<Command> make_inject()
{
	return std::make_unique<Inject>();
}

} // namespace tool
