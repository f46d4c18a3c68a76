/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Elastic Network Adapters of this machine, as PCI and the drivers show them. */
#ifndef TOOL_INTERFACES_HH
#define TOOL_INTERFACES_HH

#include "system.hh"

namespace tool
{

/* An interrupt, and the processors that may take it. */
struct Irq {
	unsigned int number;
	std::string cpus; /* a list such as 0-3; the effective one where the kernel tells it */
};

struct Interface {
	std::string pci, pci_id; /* 0000:00:05.0, 1d0f:ec20 */
	std::string driver; /* empty: none is bound */
	std::string driver_version;
	bool llq_memory = false; /* it has BAR2 */
	std::string name; /* empty: there is none */
	bool up = false, carrier = false;
	std::optional<uint32_t> mtu, speed_mbps;
	std::vector<Irq> irqs; /* the first is the management interrupt */
	LinkFacts link;
};

/* Trouble if this machine shows no PCI devices at all. */
[[nodiscard]] std::vector<Interface> find_interfaces(const System &system);

} // namespace tool

#endif
