// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include <algorithm>
#include <cstdio>

TwoMachines::TwoMachines(const ena_config &config)
{
	a = std::make_unique<oe_kernel>(config);
	ena_config other = config;
	other.mac[5]++;
	b = std::make_unique<oe_kernel>(other);
	a->connect(*b);
}

bool TwoMachines::start(const std::function<void(oe_settings &)> &change)
{
	for (oe_kernel *m : {a.get(), b.get()}) {
		if (m->probe() || m->set([&](oe_settings &s) {
			    s.mtu = 9001;
			    change(s);
		    }) ||
		    m->open()) {
			for (const auto &line : m->log)
				fprintf(stderr, "# %s\n", line.c_str());
			return false;
		}
	}
	run(2'000'000'000);
	return a->link && b->link;
}

bool TwoMachines::start(unsigned queues)
{
	return start([=](oe_settings &s) { s.queues = queues; });
}

void TwoMachines::run(uint64_t ns)
{
	const uint64_t start = Clock::now, slice = std::min<uint64_t>(ns, 100'000'000);
	for (uint64_t done = 0; done < ns; done += slice) {
		a->run(slice);
		Clock::now = start + done;
		b->run(slice);
		Clock::now = start + done + slice;
	}
	a->settle();
	b->settle();
	a->settle();
}
