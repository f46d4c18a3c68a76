/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the endpoint knows: on disk as a whole before anybody is told. */
#ifndef TOOL_EC2_STATE_HH
#define TOOL_EC2_STATE_HH

#include "json.hh"

#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace tool::ec2
{

using Tags = std::map<std::string, std::string>;

/* What an instance should be; what it is, its machine says. */
enum class Goal { running, stopped, terminated };

struct Instance {
	std::string id, reservation, type, image, subnet, user_data;
	std::string region; /* that it was asked for in */
	std::string token, asked; /* of RunInstances: ClientToken, and a digest of all it said */
	Goal goal = Goal::running;
	bool launched = false; /* its machine has been there since it should run */
	bool ena_support = true;
	bool force = false; /* end it without asking the guest */
	uint64_t cpus = 0; /* 0: what the endpoint gives */
	uint64_t index = 0; /* among those launched with it */
	std::string key, public_key; /* name of its key pair, if any, and what the guest is told */
	time_t launch_time = 0, changed = 0; /* changed: the goal, or found ended */
	std::string reason_code, reason; /* of the last change */
};

/* A network interface; attached if it has an instance. */
struct Interface {
	std::string id, subnet, mac, address, description;
	std::string attachment, instance; /* ids */
	std::string token, asked; /* as of an instance, of CreateNetworkInterface */
	uint64_t device_index = 0;
	time_t attach_time = 0;
	bool delete_on_termination = false;
	bool detaching = false;

	void detach()
	{
		attachment.clear();
		instance.clear();
		device_index = 0;
		delete_on_termination = detaching = false;
	}
};

/* A key pair. */
struct Key {
	std::string id, name, type, fingerprint;
	std::string text; /* as in authorized_keys */
	time_t made = 0;
};

struct State {
	std::map<std::string, Instance> instances; /* by id */
	std::map<std::string, Interface> interfaces; /* by id */
	std::map<std::string, Key> keys; /* by id */
	std::map<std::string, Tags> tags; /* by id of what has them */

	[[nodiscard]] Json to_json() const;
	/* Trouble if it is no such thing. */
	[[nodiscard]] static State from_json(const Json &json);
	/* Those of an instance, by device index. */
	[[nodiscard]] std::vector<Interface> interfaces_of(const std::string &instance) const;
	/*
	 * Forgets what was terminated an hour before @now, as EC2 does, unless its interfaces are still
	 * to be taken from it.
	 */
	void forget(time_t now);
};

class Store {
    public:
	/* Trouble if what is at @path is damaged; nothing there is an empty state. */
	explicit Store(std::string path);
	/* As it is now; it does not change any more. */
	[[nodiscard]] std::shared_ptr<const State> now() const;
	/*
	 * @edit changes a copy, which takes effect when it is on disk; it may refuse by an error.
	 * Trouble: it does not get there, and nothing has changed.
	 */
	void change(const std::function<void(State &)> &edit);

	/* What another program has left there. */
	[[nodiscard]] static State read(const std::string &path);

    private:
	std::string path_;
	mutable std::mutex mutex_;
	std::shared_ptr<const State> state_;
};

} // namespace tool::ec2

#endif
