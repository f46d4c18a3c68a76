// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include "text.hh"
#include "trouble.hh"

#include <fstream>

namespace fs = std::filesystem;

FakeMachine::FakeMachine() : System(scratch.path())
{
	const std::string at = device;

	put(at + "vendor", "0x1d0f\n");
	put(at + "device", "0xec20\n");
	put(at + "resource", "0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n"
			     "0x00000000fe004000 0x00000000fe005fff 0x0000000000040200\n"
			     "0x00000000fd000000 0x00000000fd0fffff 0x0000000000042208\n");
	put("sys/bus/pci/drivers/ena/bind", "");
	put("sys/bus/pci/devices/0000:00:01.0/vendor", "0x8086\n");
	put("sys/bus/pci/devices/0000:00:01.0/device", "0x1209\n");
	fs::create_symlink("../../../../bus/pci/drivers/ena", scratch / (at + "driver"));
	put("sys/module/ena/version", "2.1.0K\n");
	put(at + "net/eth0/flags", "0x1003\n");
	put(at + "net/eth0/carrier", "1\n");
	put(at + "net/eth0/mtu", "9001\n");
	put(at + "net/eth0/speed", "25000\n");
	for (int irq = 24; irq <= 28; irq++) {
		put(at + "msi_irqs/" + std::to_string(irq), "msix\n");
		put("proc/irq/" + std::to_string(irq) + "/effective_affinity_list",
		    std::to_string(irq % 4) + "\n");
	}
	put_interrupts();
	for (int queue = 0; queue < 4; queue++) {
		const std::string number = std::to_string(queue);
		put("sys/class/net/eth0/queues/rx-" + number + "/rps_cpus", "0\n");
		put("sys/class/net/eth0/queues/tx-" + number + "/xps_cpus", "0\n");
	}
	put("proc/sys/net/core/busy_poll", "0\n");
	put("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
	knobs = {{"queues", "4"},        {"rx-ring", "1024"}, {"tx-ring", "1024"},
		 {"adaptive-rx", "off"}, {"rx-usecs", "20"},  {"tx-usecs", "64"},
		 {"rss", "0 1 2 3"}};
	facts.driver = "ena";
	facts.queues = tool::Setting{4, 8};
	facts.rx_ring = tool::Setting{1024, 8192};
	facts.tx_ring = tool::Setting{1024, 1024};
	facts.features = {{"rx-checksum", true, true}, {"tx-tcp-segmentation", true, true}};
	facts.counters = {{"tx_timeout", 0}, {"bw_in_allowance_exceeded", 0}};
	facts.tx_push = true;
	facts.rss_table = {0, 1, 2, 3};
	tool::look_at(this);
}

FakeMachine::~FakeMachine()
{
	tool::look_at(nullptr);
}

void FakeMachine::put(const std::string &path, const std::string &text)
{
	const fs::path file = scratch / path;

	fs::create_directories(file.parent_path());
	std::ofstream(file) << text;
}

void FakeMachine::remove(const std::string &path)
{
	fs::remove_all(scratch / path);
}

std::optional<std::string> FakeMachine::link_setting(const std::string &,
						     const std::string &knob) const
{
	const auto found = knobs.find(knob);
	return found == knobs.end() ? std::nullopt : std::optional(found->second);
}

void FakeMachine::set_link(const std::string &, const std::string &knob, const std::string &value)
{
	if (knob == refused)
		throw tool::Trouble(knob + " is refused");
	const auto fit = [](const std::string &table, const std::string &queues) {
		for (const std::string &queue : tool::split(table, ' '))
			if (std::stoul(queue) >= std::stoul(queues))
				throw tool::Trouble("the RSS table has queue " + queue + " of " +
						    queues);
	};
	if (knob == "rss")
		fit(value, knobs["queues"]);
	else if (knob == "queues" && rss_chosen_)
		fit(knobs["rss"], value);
	rss_chosen_ = rss_chosen_ || knob == "rss";
	if (knob == "queues" && knobs[knob] != value)
		put_interrupts();
	knobs[knob] = value;
}

void FakeMachine::put_interrupts()
{
	for (int irq = 24; irq <= 28; irq++)
		put("proc/irq/" + std::to_string(irq) + "/smp_affinity_list", "0-3\n");
}

namespace
{

/* Interface 2 alone, once it is watched. */
class FakeMeter : public tool::PollMeter {
    public:
	explicit FakeMeter(const tool::Polls &polls) : polls_(polls)
	{
	}
	void watch(uint32_t interface_index) override
	{
		watched_ = watched_ || interface_index == 2;
	}
	tool::Polls read() override
	{
		return watched_ ? polls_ : tool::Polls{};
	}
	[[nodiscard]] std::string lacks() const override
	{
		return "";
	}

    private:
	const tool::Polls &polls_;
	bool watched_ = false;
};

} // namespace

std::unique_ptr<tool::PollMeter> FakeMachine::polls() const
{
	if (!measured)
		throw tool::Trouble("BPF is not allowed");
	return std::make_unique<FakeMeter>(*measured);
}

std::string FakeMachine::text(const std::string &path) const
{
	return file_text(scratch / path);
}
