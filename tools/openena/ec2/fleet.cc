// SPDX-License-Identifier: GPL-2.0-or-later
#include "fleet.hh"

#include "catalog.hh"
#include "durable.hh"
#include "plug.hh"
#include "text.hh"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tool::ec2
{

namespace
{

constexpr unsigned int grace_s = 5; /* for a guest that is asked to end */
constexpr std::chrono::seconds first_pause(2), longest_pause(32); /* between one try and the next */
constexpr size_t longest_reason = 500;

bool is_detaching(const std::vector<Interface> &interfaces)
{
	return std::any_of(interfaces.begin(), interfaces.end(),
			   [](const Interface &each) { return each.detaching; });
}

/* Where the log ends: what went wrong. That something did, below that, says openena run. */
std::string last_words(const std::string &log)
{
	try {
		std::vector<std::string> lines = split(read_whole(log).value_or(""), '\n');
		while (lines.size() > 1 &&
		       (lines.back().empty() ||
			lines.back().starts_with(std::string("openena: ") + launcher_failed)))
			lines.pop_back();
		return printable(lines.back(), longest_reason);
	} catch (const Trouble &) {
		return {};
	}
}

/* Of 127.0.0.1; somebody may take it before QEMU does, whose launch then fails. */
uint16_t free_port()
{
	const Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	sockaddr_in address = {};
	socklen_t size = sizeof(address);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!probe || ::bind(probe.get(), reinterpret_cast<sockaddr *>(&address), size) ||
	    ::getsockname(probe.get(), reinterpret_cast<sockaddr *>(&address), &size))
		throw Trouble("there is no free port of 127.0.0.1 for SSH");
	return ntohs(address.sin_port);
}

} // namespace

Fleet::Fleet(Store &store, FleetConfig config, RunProgram run)
    : store_(store), config_(std::move(config)), machines_(config_.machines), run_(std::move(run))
{
}

Fleet::~Fleet()
{
	std::unique_lock lock(mutex_);
	ending_ = true;
	changed_.notify_all();
	changed_.wait(lock, [this] { return working_.empty(); });
}

void Fleet::settle(const std::string &id)
{
	const std::lock_guard lock(mutex_);
	const auto working = working_.find(id);

	if (ending_)
		return;
	if (working != working_.end()) {
		working->second = true;
		changed_.notify_all();
		return;
	}
	working_.emplace(id, false);
	std::thread([this, id] { work(id); }).detach();
}

void Fleet::settle_all()
{
	for (const auto &[id, instance] : store_.now()->instances)
		settle(id);
}

/* The only thread that does anything with that machine. */
void Fleet::work(const std::string &id)
{
	std::string trouble;
	auto pause = first_pause;

	for (bool again = true; again; pause = std::min(2 * pause, longest_pause)) {
		const bool done = try_once(id, trouble);
		std::unique_lock lock(mutex_);
		if (!done)
			changed_.wait_for(lock, pause, [&] { return ending_ || working_.at(id); });
		again = (std::exchange(working_.at(id), false) || !done) && !ending_;
		if (!again) {
			working_.erase(id);
			std::notify_all_at_thread_exit(changed_, std::move(lock));
		}
	}
}

/* @trouble: of the last time, which is not said again. */
bool Fleet::try_once(const std::string &id, std::string &trouble)
{
	const auto state = store_.now();
	const auto found = state->instances.find(id);

	try {
		return found == state->instances.end() || bring_about(found->second);
	} catch (const std::exception &error) {
		if (trouble != error.what())
			fprintf(stderr, "openena: %s: %s\n", id.c_str(), error.what());
		trouble = error.what();
		return false;
	}
}

bool Fleet::bring_about(const Instance &instance)
{
	if (instance.goal != Goal::running)
		clear_away(instance);
	else if (!instance.launched)
		return launch(instance);
	else if (machines_.running(instance.id))
		return plug_and_unplug(instance);
	else
		return note_shutdown(instance.id);
	return true;
}

/* False: its interfaces are still to be taken from it. */
bool Fleet::note_shutdown(const std::string &id)
{
	note_end(id, "Client.InstanceInitiatedShutdown", "Instance initiated shutdown");
	return !is_detaching(store_.now()->interfaces_of(id));
}

std::vector<std::string> Fleet::words_for(const Instance &instance) const
{
	const Image image = image_of(instance.image);
	const Subnet subnet = subnet_of(instance.subnet);
	std::vector<std::string> words = {
		"run",         instance.id, "--detach",    "--instance-type",
		instance.type, "--network", subnet.network};
	const auto add = [&](const char *option, const std::string &value) {
		if (!value.empty())
			words.insert(words.end(), {option, value});
	};
	const auto interfaces = store_.now()->interfaces_of(instance.id);

	add("--driver", image.driver);
	add("--kver", image.kernel);
	add("--image", image.file);
	if (!image.file.empty() && !subnet.number)
		add("--ssh-port", std::to_string(free_port()));
	/* There is no metadata. */
	if (!image.file.empty() && subnet.number && !instance.public_key.empty()) {
		write_durably(key_file(instance.id), instance.public_key + "\n");
		add("--ssh-key", key_file(instance.id));
	}
	if (!interfaces.empty()) {
		add("--address", interfaces[0].address);
		add("--mac", interfaces[0].mac);
	}
	add("--spare-ports", std::to_string(most_interfaces(instance.type) - 1));
	add("--accel", config_.accel);
	add("--memory", config_.memory);
	if (instance.cpus || config_.cpus)
		add("--cpus", std::to_string(instance.cpus ? instance.cpus : *config_.cpus));
	add("--state-dir", config_.machines);
	if (!subnet.number && !config_.metadata.empty())
		add("--metadata", config_.metadata + " " + instance.id);
	return words;
}

std::string Fleet::key_file(const std::string &id) const
{
	return config_.logs + "/" + id + ".pub";
}

bool Fleet::started_by_us(const std::string &id)
{
	const std::lock_guard lock(mutex_);

	return started_.contains(id) && machines_.running(id);
}

bool Fleet::launch(const Instance &instance)
{
	const std::string log = config_.logs + "/" + instance.id;
	const std::string id = instance.id;

	launches_.acquire();
	try {
		/* If it runs, only that could not be written. */
		if (!started_by_us(id)) {
			/* An endpoint that was killed may have left something of it. */
			machines_.stop(id, 0);
			std::filesystem::create_directories(config_.logs);
			run_(words_for(instance), log, ending_);
			const std::lock_guard lock(mutex_);
			started_.insert(id);
		}
	} catch (const std::exception &error) {
		launches_.release();
		if (ending_)
			return false;
		const std::string why = last_words(log);
		note_end(id, "Server.InternalError",
			 "Internal error on launch: " + (why.empty() ? error.what() : why));
		return true;
	}
	launches_.release();
	store_.change([&](State &state) {
		const auto now = state.instances.find(id);
		if (now != state.instances.end() && now->second.goal == Goal::running)
			now->second.launched = true;
	});
	{
		const std::lock_guard lock(mutex_);
		started_.erase(id);
	}
	return plug_and_unplug(instance);
}

void Fleet::note_end(const std::string &id, const char *code, const std::string &reason)
{
	store_.change([&](State &state) {
		const auto now = state.instances.find(id);
		if (now == state.instances.end() || now->second.goal != Goal::running)
			return;
		now->second.goal = Goal::stopped;
		now->second.changed = time(nullptr);
		now->second.reason_code = code;
		now->second.reason = reason;
	});
}

/* The machine, and what of its interfaces should not outlive it. */
void Fleet::clear_away(const Instance &instance)
{
	const auto interfaces = store_.now()->interfaces_of(instance.id);
	const bool detaching = is_detaching(interfaces);

	machines_.stop(instance.id,
		       instance.force || instance.goal == Goal::terminated ? 0 : grace_s);
	{
		const std::lock_guard lock(mutex_);
		for (const Interface &interface : interfaces)
			plugged_.erase(interface.id);
		started_.erase(instance.id);
	}
	if (instance.goal == Goal::terminated)
		remove_files(instance.id);
	if (!detaching && (instance.goal != Goal::terminated || interfaces.empty()))
		return;
	store_.change([&](State &state) {
		for (const Interface &interface : interfaces) {
			const auto now = state.interfaces.find(interface.id);
			if (now == state.interfaces.end() || now->second.instance != instance.id)
				continue;
			if (instance.goal == Goal::terminated && interface.delete_on_termination) {
				state.tags.erase(interface.id);
				state.interfaces.erase(now);
			} else if (instance.goal == Goal::terminated || now->second.detaching) {
				now->second.detach();
			}
		}
	});
}

/* Of its launches, its key, and places of its connections to the metadata. */
void Fleet::remove_files(const std::string &id) const
{
	std::vector<std::filesystem::path> files;
	std::error_code error;

	for (std::filesystem::directory_iterator it(config_.logs, error), end; !error && it != end;
	     it.increment(error))
		if (it->path().filename().string().starts_with(id))
			files.push_back(it->path());
	for (const auto &file : files)
		std::filesystem::remove(file, error);
}

bool Fleet::plug_and_unplug(const Instance &instance)
{
	std::vector<Interface> interfaces = store_.now()->interfaces_of(instance.id);
	bool done = true;

	/* The first was there when the machine was started. */
	std::erase_if(interfaces, [](const Interface &each) { return !each.device_index; });
	if (interfaces.empty())
		return true;
	Qmp qmp(machines_.path(instance.id, "qmp"));
	for (const Interface &interface : interfaces)
		done = settle_interface(qmp, instance, interface) && done;
	return done;
}

bool Fleet::settle_interface(Qmp &qmp, const Instance &instance, const Interface &interface)
{
	bool in = is_plugged(qmp, interface.id);

	try {
		if (interface.detaching && unplug(qmp, interface.id, ending_))
			in = false;
		else if (!interface.detaching && !in)
			plug(qmp, interface, instance.type), in = true;
	} catch (const Refused &refused) {
		fprintf(stderr, "openena: %s: %s\n", interface.id.c_str(), refused.what());
	}
	{
		const std::lock_guard lock(mutex_);
		if (in)
			plugged_.insert(interface.id);
		else
			plugged_.erase(interface.id);
	}
	/* Refused, or taken out. */
	if (!in)
		store_.change([&](State &state) {
			const auto now = state.interfaces.find(interface.id);
			if (now != state.interfaces.end() && now->second.instance == instance.id)
				now->second.detach();
		});
	return !(in && interface.detaching);
}

std::string Fleet::state_of(const Instance &instance)
{
	const bool running = machines_.running(instance.id).has_value();

	if (instance.goal == Goal::terminated)
		return running ? "shutting-down" : "terminated";
	if (instance.goal == Goal::stopped)
		return running ? "stopping" : "stopped";
	if (!instance.launched)
		return "pending";
	if (!running)
		settle(instance.id);
	return running ? "running" : "stopped";
}

bool Fleet::plugged(const Interface &interface) const
{
	const std::lock_guard lock(mutex_);
	return plugged_.contains(interface.id);
}

} // namespace tool::ec2
