// SPDX-License-Identifier: GPL-2.0-or-later
#include "interfaces.hh"

#include "text.hh"
#include "trouble.hh"

#include "abi/ena_pci.h"

#include <algorithm>

namespace tool
{

namespace
{

constexpr const char *devices = "/sys/bus/pci/devices";

bool is_adapter(uint64_t vendor, uint64_t device)
{
	constexpr uint16_t ids[] = {ENA_PCI_PF, ENA_PCI_LLQ_PF, ENA_PCI_VF, ENA_PCI_LLQ_VF,
				    ENA_PCI_RESERVED};
	return vendor == ENA_PCI_VENDOR &&
	       std::find(std::begin(ids), std::end(ids), device) != std::end(ids);
}

/* A line of "resource" is start, end and flags of a BAR; all zero: there is none. */
bool has_bar(const System &system, const std::string &device, size_t bar)
{
	const auto text = system.read(device + "/resource");
	if (!text)
		return false;
	const auto lines = split(*text, '\n');
	return bar < lines.size() &&
	       !lines[bar].starts_with("0x0000000000000000 0x0000000000000000");
}

std::vector<Irq> irqs_of(const System &system, const std::string &device)
{
	std::vector<Irq> irqs;

	for (const std::string &name : system.list(device + "/msi_irqs")) {
		const auto number = to_number(name);
		if (!number)
			continue;
		const std::string irq = "/proc/irq/" + name;
		auto cpus = system.read(irq + "/effective_affinity_list");
		if (!cpus || cpus->empty())
			cpus = system.read(irq + "/smp_affinity_list");
		irqs.push_back({static_cast<unsigned int>(*number), cpus.value_or("")});
	}
	std::sort(irqs.begin(), irqs.end(),
		  [](const Irq &a, const Irq &b) { return a.number < b.number; });
	return irqs;
}

void read_interface(const System &system, const std::string &device, Interface &interface)
{
	const auto names = system.list(device + "/net");
	if (names.empty())
		return;
	interface.name = names.front();
	const std::string net = device + "/net/" + interface.name;
	const auto flags = system.number(net + "/flags");
	const auto mtu = system.number(net + "/mtu"), speed = system.number(net + "/speed");
	interface.up = flags && *flags & 1;
	interface.carrier = system.number(net + "/carrier").value_or(0) == 1;
	if (mtu)
		interface.mtu = static_cast<uint32_t>(*mtu);
	if (speed)
		interface.speed_mbps = static_cast<uint32_t>(*speed);
	interface.link = system.link(interface.name);
}

} // namespace

std::vector<Interface> find_interfaces(const System &system)
{
	std::vector<Interface> found;

	if (!system.exists(devices))
		throw Trouble(std::string(devices) + " does not exist: this kernel shows no PCI "
						     "devices, or sysfs is not mounted");
	for (const std::string &address : system.list(devices)) {
		const std::string device = std::string(devices) + "/" + address;
		const uint64_t vendor = system.number(device + "/vendor").value_or(0);
		const uint64_t id = system.number(device + "/device").value_or(0);
		if (!is_adapter(vendor, id))
			continue;
		Interface interface;
		interface.pci = address;
		interface.pci_id = format("%04x:%04x", static_cast<unsigned int>(vendor),
					  static_cast<unsigned int>(id));
		interface.driver = system.link_name(device + "/driver");
		interface.llq_memory = has_bar(system, device, 2);
		interface.irqs = irqs_of(system, device);
		read_interface(system, device, interface);
		interface.driver_version =
			system.read("/sys/module/" + interface.driver + "/version")
				.value_or(interface.link.version);
		found.push_back(std::move(interface));
	}
	return found;
}

} // namespace tool
