// SPDX-License-Identifier: GPL-2.0-or-later
#include "plug.hh"

#include "catalog.hh"

#include <algorithm>
#include <chrono>
#include <thread>

namespace tool::ec2
{

namespace
{

constexpr auto patience = std::chrono::seconds(10); /* with a guest */
constexpr const char *segment_address =
	"230.77.0.1:"; /* these as tools/vmlib/resident.py has them */
constexpr uint64_t segment_port = 23000;

std::string netdev_id(const std::string &id)
{
	return "net-" + id;
}

Json netdev(const Interface &interface)
{
	const Subnet subnet = subnet_of(interface.subnet);
	Json json;

	json.set("id", netdev_id(interface.id));
	json.set("type", subnet.number ? "socket" : "user");
	if (subnet.number) {
		json.set("localaddr", "127.0.0.1");
		json.set("mcast", segment_address + std::to_string(segment_port + subnet.number));
	} else {
		json.set("net", "168.0.0.0/5");
		json.set("host", "172.31.0.2");
		json.set("dns", "172.31.0.3");
		json.set("dhcpstart", interface.address);
	}
	return json;
}

Json with_id(const std::string &id)
{
	Json json;

	json.set("id", id);
	return json;
}

/* Of an adapter that is gone: it may have been so for long. */
void drop_netdev(Qmp &qmp, const std::string &id)
{
	try {
		(void)qmp.execute("netdev_del", with_id(netdev_id(id)));
	} catch (const Refused &) {
		return; /* it has none */
	}
}

} // namespace

bool is_plugged(Qmp &qmp, const std::string &id)
{
	const std::vector<std::string> all = Adapter::all(qmp);

	return std::find(all.begin(), all.end(), id) != all.end();
}

void plug(Qmp &qmp, const Interface &interface, const std::string &instance_type)
{
	Json device = with_id(interface.id);

	device.set("driver", "ena");
	device.set("netdev", netdev_id(interface.id));
	device.set("bus", "rp" + std::to_string(interface.device_index));
	device.set("mac", interface.mac);
	device.set("instance-type", instance_type);
	drop_netdev(qmp, interface.id);
	(void)qmp.execute("netdev_add", netdev(interface));
	try {
		(void)qmp.execute("device_add", device);
	} catch (const Refused &) {
		drop_netdev(qmp, interface.id);
		throw;
	}
}

bool unplug(Qmp &qmp, const std::string &id, const std::atomic<bool> &ending)
{
	const auto deadline = std::chrono::steady_clock::now() + patience;

	if (is_plugged(qmp, id))
		(void)qmp.execute("device_del", with_id(id));
	while (is_plugged(qmp, id)) {
		if (ending || std::chrono::steady_clock::now() > deadline)
			return false;
		std::this_thread::sleep_for(std::chrono::milliseconds(200));
	}
	drop_netdev(qmp, id);
	return true;
}

} // namespace tool::ec2
