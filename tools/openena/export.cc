// SPDX-License-Identifier: GPL-2.0-or-later
/* openena export: the numbers of adapters and interfaces for Prometheus and its kin. */
#include "export.hh"

#include "commands.hh"
#include "machines.hh"
#include "metrics.hh"
#include "qmp.hh"
#include "sibling.hh"

namespace tool
{

HttpServer http_server = nullptr;

namespace
{

constexpr uint16_t default_port = 9869;

class Export : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "export";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "the numbers of adapters as OpenMetrics, over HTTP on the loopback "
		       "interface";
	}
	void declare(Options &options) override
	{
		options.texts("--qmp", sockets_, "SOCKET",
			      "QEMU's monitor, of several machines; none: those of openena run");
		options.number("--port", port_, 0, 65535, "PORT", "of HTTP; 0: any (9869)");
		options.flag("--once", once_, "print the numbers and end");
	}
	int run(Streams &io) override
	{
		if (once_) {
			io.out.write(render());
			return exit_fine;
		}
		if (!http_server)
			become_sibling("openena-exporter", "the HTTP server");
		http_server(
			static_cast<uint16_t>(port_.value_or(default_port)),
			[this] { return render(); },
			[&io](uint16_t port) {
				io.err.print("openena: http://127.0.0.1:%u/metrics\n", port);
				io.err.flush();
			});
		return exit_fine;
	}

    private:
	/* A machine that does not answer is a number, too. */
	[[nodiscard]] std::string render() const
	{
		Metrics metrics;

		if (!sockets_.empty()) {
			for (const std::string &socket : sockets_)
				add_machine(metrics, socket, socket);
		} else {
			const Machines machines("");
			for (const std::string &machine : machines.names())
				add_machine(metrics, machine, machines.path(machine, "qmp"));
		}
		add_interfaces(metrics, this_system());
		return metrics.text();
	}

	static void add_machine(Metrics &metrics, const std::string &name,
				const std::string &socket)
	{
		std::vector<AdapterState> states;
		bool up = false;

		try {
			Qmp qmp(socket);
			for (const std::string &id : Adapter::all(qmp)) {
				Adapter adapter(qmp, id);
				states.push_back({name, id, adapter.get("statistics"),
						  adapter.get("drops"), adapter.get("resets"),
						  adapter.get("queue-states"),
						  adapter.get("settings")});
			}
			up = true;
		} catch (const Trouble &) {
			states.clear();
		}
		metrics.gauge("openena_machine_up", "1 if its monitor answers.",
			      {{"machine", name}}, up);
		for (const AdapterState &state : states)
			add_adapter(metrics, state);
	}

	std::vector<std::string> sockets_;
	std::optional<uint64_t> port_;
	bool once_ = false;
};

} // namespace

std::unique_ptr<Command> make_export()
{
	return std::make_unique<Export>();
}

} // namespace tool
