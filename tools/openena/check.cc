// SPDX-License-Identifier: GPL-2.0-or-later
/* openena check: whether enhanced networking is there, and works as it should. */
#include "commands.hh"
#include "interfaces.hh"
#include "json.hh"
#include "text.hh"

#include <algorithm>
#include <set>

namespace tool
{

namespace
{

/* Something that is not as it should be, and what to do about it. */
struct Finding {
	std::string where; /* an interface or a PCI address; empty: this machine */
	std::string what, todo;
};

/* Offloads that both drivers switch on where the adapter offers them. */
constexpr const char *offloads[] = {
	"tx-checksum-ipv4",     "tx-checksum-ipv6",  "rx-checksum", "tx-tcp-segmentation",
	"tx-tcp6-segmentation", "tx-scatter-gather", "rx-hashing"};

/* Counters that an adapter with nothing to complain of leaves at zero. */
constexpr struct {
	const char *name, *means, *todo;
} complaints[] = {
	{"bw_in_allowance_exceeded", "received more than the instance's bandwidth allows",
	 "a larger instance type, or less traffic at once"},
	{"bw_out_allowance_exceeded", "sent more than the instance's bandwidth allows",
	 "a larger instance type, or less traffic at once"},
	{"pps_allowance_exceeded", "more packets a second than the instance allows",
	 "larger packets (MTU, segmentation), or a larger instance type"},
	{"conntrack_allowance_exceeded", "more tracked connections than the instance allows",
	 "security groups that need no tracking, shorter timeouts, or a larger instance type"},
	{"linklocal_allowance_exceeded", "more than 1024 packets a second to link-local services",
	 "a cache for DNS and for instance metadata"},
	{"tx_timeout", "the driver waited in vain for packets to be sent", "look at dmesg"},
	{"wd_expired", "the adapter gave no sign of life in time", "look at dmesg"},
	{"admin_q_pause", "the admin queue was full or stuck", "look at dmesg"},
};

/* The processors of a list such as 0-2,5. */
std::set<unsigned int> cpus_in(const std::string &list)
{
	constexpr uint64_t most = 8192;
	std::set<unsigned int> cpus;

	for (const std::string &part : split(list, ',')) {
		const auto ends = split(part, '-');
		const auto first = to_number(ends.front()), last = to_number(ends.back());
		if (!first || !last || *last > most)
			continue;
		for (uint64_t cpu = *first; cpu <= *last; cpu++)
			cpus.insert(static_cast<unsigned int>(cpu));
	}
	return cpus;
}

/* How many processors take the interrupts of the queues; the management one does not count. */
size_t processors_of(const std::vector<Irq> &irqs)
{
	std::set<unsigned int> all;

	for (size_t i = 1; i < irqs.size(); i++)
		all.merge(cpus_in(irqs[i].cpus));
	return all.size();
}

std::string number_or_dash(const std::optional<uint32_t> &number)
{
	return number ? std::to_string(*number) : "-";
}

std::string setting(const std::optional<Setting> &s)
{
	return s ? format("%u of %u", s->now, s->most) : "-";
}

Json setting_json(const std::optional<Setting> &s)
{
	Json json;

	if (!s)
		return json;
	json.set("now", s->now);
	json.set("most", s->most);
	return json;
}

const char *llq_word(const Interface &interface)
{
	if (!interface.llq_memory)
		return "not offered";
	if (!interface.link.tx_push)
		return "offered; the driver does not say whether it is used";
	return *interface.link.tx_push ? "used" : "not used";
}

class Check : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "check";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "whether enhanced networking is there and works, in an instance or a guest";
	}
	void declare(Options &options) override
	{
		options.text("--interface", only_, "NAME", "only this one, such as eth0");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		System &system = this_system();

		kernel_ = system.kernel();
		cpus_ = system.cpus();
		interfaces_ = find_interfaces(system);
		choose();
		look_for_driver(system);
		for (const Interface &interface : interfaces_)
			judge(interface);
		if (json_)
			io.out.line(as_json().dump());
		else
			tell(io.out);
		return findings_.empty() ? exit_fine : exit_findings;
	}

    private:
	void choose()
	{
		std::vector<std::string> names;

		if (only_.empty())
			return;
		for (const Interface &interface : interfaces_)
			names.push_back(interface.name);
		std::erase_if(interfaces_, [&](const auto &i) { return i.name != only_; });
		if (interfaces_.empty())
			throw Trouble(
				no_such("interface of an Elastic Network Adapter", only_, names));
	}

	void find(const std::string &where, std::string what, std::string todo)
	{
		findings_.push_back({where, std::move(what), std::move(todo)});
	}

	/* Whether this kernel has a driver at all. */
	void look_for_driver(const System &system)
	{
		const std::string modules = "/lib/modules/" + kernel_ + "/";
		const std::string loaded = system.exists("/sys/module/openena") ? "openena"
					   : system.exists("/sys/module/ena")   ? "ena"
										: "";

		driver_ = loaded.empty() ? "none loaded" : loaded + " loaded";
		if (interfaces_.empty())
			find("", "there is no Elastic Network Adapter (PCI 1d0f:ec20 and its kin)",
			     "choose an instance type that has one (openena instance-types --ena), "
			     "and "
			     "see that the instance's attribute enaSupport is on; of a virtual "
			     "machine: "
			     "-device ena");
		else if (loaded.empty() && !system.exists(modules))
			find("", modules + " does not exist: no driver can be loaded",
			     "install the modules of the kernel that runs");
	}

	void judge(const Interface &i)
	{
		const std::string where = i.name.empty() ? i.pci : i.name;

		if (i.driver.empty()) {
			find(where, "no driver is bound to the adapter",
			     "modprobe ena (or openena), then look at dmesg");
			return;
		}
		if (i.name.empty()) {
			/* Given away on purpose, to a program or a virtual machine. */
			if (i.driver != "vfio-pci" && i.driver != "uio_pci_generic" &&
			    i.driver != "igb_uio")
				find(where,
				     "the driver " + i.driver + " has made no interface here",
				     "look at dmesg for why its probe failed, or in other network "
				     "namespaces");
			return;
		}
		judge_link(i, where);
		judge_offloads(i, where);
		judge_queues(i, where);
		for (const auto &complaint : complaints) {
			const uint64_t count = i.link.counter(complaint.name).value_or(0);
			if (count)
				find(where,
				     format("%s is %s: %s", complaint.name, grouped(count).c_str(),
					    complaint.means),
				     complaint.todo);
		}
	}

	void judge_link(const Interface &i, const std::string &where)
	{
		if (!i.up)
			find(where, "the interface is down", "ip link set " + where + " up");
		else if (!i.carrier)
			find(where, "there is no carrier",
			     "look at dmesg, or whether it was detached");
	}

	void judge_offloads(const Interface &i, const std::string &where)
	{
		for (const char *name : offloads) {
			const LinkFeature *feature = i.link.feature(name);
			if (feature && feature->can && !feature->on)
				find(where, std::string(name) + " is offered and switched off",
				     "ethtool -K " + where + " " + name + " on");
		}
		if (i.llq_memory && i.link.tx_push == false)
			find(where, "low latency queues (LLQ) are offered and not used",
			     "load the driver without force_large_llq_header or the like; look at "
			     "dmesg");
	}

	void judge_queues(const Interface &i, const std::string &where)
	{
		if (!i.link.queues)
			return;
		const Setting queues = *i.link.queues;
		const uint32_t useful = std::min(queues.most, cpus_);
		if (queues.now < useful)
			find(where,
			     format("%u queues of %u, for %u processors", queues.now, queues.most,
				    cpus_),
			     format("ethtool -L %s combined %u", where.c_str(), useful));
		const size_t taken = processors_of(i.irqs);
		if (i.up && taken && taken < std::min<size_t>(queues.now, cpus_))
			find(where,
			     format("the interrupts of %u queues go to %zu of %u processors",
				    queues.now, taken, cpus_),
			     "run irqbalance, or openena tune; or write "
			     "/proc/irq/N/smp_affinity_list");
	}

	void tell(Output &out) const
	{
		out.print("Kernel %s, %u processors, driver %s\n", printable(kernel_).c_str(),
			  cpus_, driver_.c_str());
		for (const Interface &interface : interfaces_)
			tell(interface, out);
		out.line("");
		for (const Finding &finding : findings_) {
			out.print("%s%s%s\n", finding.where.c_str(),
				  finding.where.empty() ? "" : ": ",
				  printable(finding.what).c_str());
			out.print("    to do: %s\n", printable(finding.todo, 400).c_str());
		}
		if (findings_.empty())
			out.line("Nothing to complain of.");
		else
			out.print("%zu finding%s.\n", findings_.size(),
				  findings_.size() == 1 ? "" : "s");
	}

	static void tell(const Interface &i, Output &out)
	{
		std::string used, unused;

		out.print("\n%s  %s  %s\n", i.name.empty() ? "(no interface)" : i.name.c_str(),
			  i.pci.c_str(), i.pci_id.c_str());
		out.print("  %-12s %s %s\n", "driver", i.driver.empty() ? "none" : i.driver.c_str(),
			  printable(i.driver_version, 40).c_str());
		if (i.name.empty())
			return;
		out.print("  %-12s %s, %s Mbit/s, MTU %s\n", "link",
			  !i.up       ? "down"
			  : i.carrier ? "up"
				      : "no carrier",
			  number_or_dash(i.speed_mbps).c_str(), number_or_dash(i.mtu).c_str());
		out.print("  %-12s %s, interrupts on %zu processors\n", "queues",
			  setting(i.link.queues).c_str(), processors_of(i.irqs));
		out.print("  %-12s RX %s, TX %s\n", "rings", setting(i.link.rx_ring).c_str(),
			  setting(i.link.tx_ring).c_str());
		for (const char *name : offloads)
			if (const LinkFeature *feature = i.link.feature(name))
				(feature->on ? used : unused) += std::string(" ") + name;
		out.print("  %-12s%s\n", "offloads", used.empty() ? " none" : used.c_str());
		if (!unused.empty())
			out.print("  %-12s%s\n", "  not used", unused.c_str());
		out.print("  %-12s %s\n", "LLQ", llq_word(i));
	}

	[[nodiscard]] Json as_json() const
	{
		Json json, adapters{Json::Array{}}, findings{Json::Array{}};

		json.set("kernel", kernel_);
		json.set("processors", cpus_);
		for (const Interface &interface : interfaces_)
			adapters.add(as_json(interface));
		json.set("adapters", adapters);
		for (const Finding &finding : findings_) {
			Json item;
			item.set("where", finding.where);
			item.set("what", finding.what);
			item.set("to_do", finding.todo);
			findings.add(item);
		}
		json.set("findings", findings);
		return json;
	}

	static Json as_json(const Interface &i)
	{
		Json json, irqs{Json::Array{}}, features{Json::Object{}}, counters{Json::Object{}};

		json.set("pci", i.pci);
		json.set("pci_id", i.pci_id);
		json.set("driver", i.driver.empty() ? Json() : Json(i.driver));
		json.set("driver_version", i.driver_version);
		json.set("interface", i.name.empty() ? Json() : Json(i.name));
		json.set("up", i.up);
		json.set("carrier", i.carrier);
		json.set("mtu", i.mtu ? Json(*i.mtu) : Json());
		json.set("speed_mbps", i.speed_mbps ? Json(*i.speed_mbps) : Json());
		json.set("queues", setting_json(i.link.queues));
		json.set("rx_ring", setting_json(i.link.rx_ring));
		json.set("tx_ring", setting_json(i.link.tx_ring));
		json.set("llq_offered", i.llq_memory);
		json.set("llq_used", i.link.tx_push ? Json(*i.link.tx_push) : Json());
		for (const Irq &irq : i.irqs) {
			Json item;
			item.set("irq", irq.number);
			item.set("cpus", irq.cpus);
			irqs.add(item);
		}
		json.set("irqs", irqs);
		for (const LinkFeature &feature : i.link.features) {
			Json item;
			item.set("can", feature.can);
			item.set("on", feature.on);
			features.set(feature.name, item);
		}
		json.set("features", features);
		for (const auto &[name, value] : i.link.counters)
			counters.set(name, value);
		json.set("counters", counters);
		return json;
	}

	std::string only_, kernel_, driver_;
	bool json_ = false;
	unsigned int cpus_ = 1;
	std::vector<Interface> interfaces_;
	std::vector<Finding> findings_;
};

} // namespace

std::unique_ptr<Command> make_check()
{
	return std::make_unique<Check>();
}

} // namespace tool
