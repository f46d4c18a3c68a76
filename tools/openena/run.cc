// SPDX-License-Identifier: GPL-2.0-or-later
/* openena run: a virtual machine with the adapter of an instance type. The launcher makes it. */
#include "child.hh"
#include "commands.hh"
#include "instance_sizes.hh"
#include "json.hh"
#include "machines.hh"
#include "relay.hh"
#include "signals.hh"
#include "text.hh"

#include "ena_instance.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace tool
{

namespace
{

class Run : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "run";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "start a virtual machine with the adapter of an instance type";
	}
	void declare(Options &options) override
	{
		options.text("name", name_, "NAME", "of the machine; none: openena");
		options.text("--instance-type", type_, "TYPE",
			     "such as c5n.18xlarge: what its adapter "
			     "has");
		options.texts("--network", networks_, "NETWORK",
			      "user, tap:INTERFACE, bridge:INTERFACE or private:N (user); "
			      "an adapter for each");
		options.text("--address", address_, "IPV4", "of the guest, in a /24 network");
		options.choice("--driver", driver_, {"openena", "ena"}, "of the guest");
		driver_.clear(); /* an image has its own */
		options.text("--kver", kernel_, "KVER",
			     "kernel: 6.12, 6.1, newest or a release (6.12)");
		options.number("--cpus", cpus_, 1, 64, "N", "processors (2)");
		options.text("--memory", memory_, "SIZE", "such as 2G (1G)");
		options.choice("--accel", accel_, {"auto", "kvm", "tcg"},
			       "how the processor is made");
		options.text("--mac", mac_, "MAC", "of the adapter");
		options.number("--spare-ports", ports_, 0, 31, "N",
			       "PCIe ports for adapters that are plugged in later (0)");
		options.text("--metadata", metadata_, "COMMAND",
			     "that answers the guest at 169.254.169.254:80; "
			     "network user only");
		options.text("--image", image_, "FILE",
			     "boot this cloud image (qcow2 or raw); it is not written to");
		options.text("--overlay", overlay_, "FILE", "where what the guest changes is kept");
		options.flag("--uefi", uefi_, "boot the image by UEFI");
		options.text("--ssh-key", ssh_key_, "FILE",
			     "of public keys that may log in (~/.ssh/id_*.pub)");
		options.number("--ssh-port", ssh_port_, 1, 65535, "PORT",
			       "of 127.0.0.1, which leads to the image's SSH");
		options.text("--user-data", user_data_, "FILE", "for cloud-init");
		options.flag("--password", password_,
			     "make up a password for the image's user, and print it");
		options.flag("--detach", detach_, "end when it runs; it goes on");
		options.text("--state-dir", directory_, "DIR", "where machines are kept");
	}
	int run(Streams &io) override
	{
		const Machines machines(directory_);

		if (name_.empty())
			name_ = "openena";
		check_type();
		check_image();
		const std::string launcher = find_launcher();
		machines.add(name_, facts());
		const Signals signals;
		int signal = 0;
		try {
			launch(launcher, machines, signals, io);
			if (!detach_)
				signal = stay(machines, signals, io);
		} catch (...) {
			machines.stop(name_, 0);
			throw;
		}
		if (detach_) {
			io.out.print("%s runs; openena console %s, openena events --qmp %s, "
				     "openena stop "
				     "%s\n",
				     name_.c_str(), name_.c_str(),
				     machines.path(name_, "qmp").c_str(), name_.c_str());
			return exit_fine;
		}
		machines.stop(name_, 0);
		if (signal)
			throw Trouble(name_ + " is stopped: " + strsignal(signal));
		return exit_fine;
	}

    private:
	void check_type() const
	{
		char why[256];

		if (!type_.empty() && !ena_instance_type_find(type_.c_str(), why, sizeof(why)))
			throw Trouble(printable(why, sizeof(why)));
		const InstanceSize *size = size_of(type_);
		if (size && networks_.size() > size->interfaces)
			throw Trouble(format("%s has at most %u network interfaces, and --network "
					     "is given %zu times",
					     type_.c_str(), size->interfaces, networks_.size()));
	}

	/* The launcher looks at the file. */
	void check_image() const
	{
		if (!image_.empty() && (!driver_.empty() || !kernel_.empty()))
			throw Trouble("--driver and --kver are of the root that is made here: the "
				      "image " +
				      printable(image_) + " has its own");
	}

	[[nodiscard]] Json facts() const
	{
		Json json;
		const auto or_null = [](const std::string &text) {
			return text.empty() ? Json() : Json(text);
		};

		json.set("name", name_);
		json.set("instance_type", or_null(type_));
		json.set("driver",
			 image_.empty() ? Json(driver_.empty() ? "openena" : driver_) : Json());
		json.set("kernel",
			 image_.empty() ? Json(kernel_.empty() ? "6.12" : kernel_) : Json());
		json.set("image", image_.empty()
					  ? Json()
					  : Json(std::filesystem::absolute(image_).string()));
		json.set("network", networks_.empty() ? "user" : enumerate(networks_, "and"));
		json.set("address", or_null(address_));
		json.set("ssh_port", ssh_port_ ? Json(*ssh_port_) : Json());
		json.set("started", static_cast<uint64_t>(time(nullptr)));
		return json;
	}

	[[nodiscard]] static std::string find_launcher()
	{
		const char *launcher = getenv("OPENENA_LAUNCHER");

		return launcher && *launcher ? launcher : OPENENA_LAUNCHER;
	}

	[[nodiscard]] std::vector<std::string> command(const std::string &launcher,
						       const Machines &machines) const
	{
		std::vector<std::string> words = {
			launcher, "start", "--directory", machines.path(name_), "--accel", accel_};
		const auto add = [&](const char *option, const std::string &value) {
			if (!value.empty())
				words.push_back(std::string(option) + "=" + value);
		};

		add("--instance-type", type_);
		for (const std::string &network : networks_)
			add("--network", network);
		add("--address", address_);
		add("--driver", driver_);
		add("--kver", kernel_);
		add("--memory", memory_);
		add("--mac", mac_);
		add("--metadata", metadata_);
		add("--image", image_);
		add("--overlay", overlay_);
		add("--ssh-key", ssh_key_);
		add("--user-data", user_data_);
		if (uefi_)
			words.emplace_back("--uefi");
		if (password_)
			words.emplace_back("--password");
		if (ssh_port_)
			add("--ssh-port", std::to_string(*ssh_port_));
		if (cpus_)
			add("--cpus", std::to_string(*cpus_));
		if (ports_)
			add("--spare-ports", std::to_string(*ports_));
		return words;
	}

	/* In a process group of its own: a signal to end ends all of it. */
	void launch(const std::string &launcher, const Machines &machines, const Signals &signals,
		    Streams &io) const
	{
		std::vector<std::string> words = command(launcher, machines);
		std::vector<char *> arguments;

		for (std::string &word : words)
			arguments.push_back(word.data());
		arguments.push_back(nullptr);
		io.err.flush();
		const pid_t child = fork_child("the launcher");
		if (!child) {
			setpgid(0, 0);
			signals.restore();
			(void)std::signal(SIGPIPE, SIG_DFL);
			execv(arguments[0], arguments.data());
			dprintf(STDERR_FILENO, "openena: %s cannot be run: %s\n", arguments[0],
				strerror(errno));
			_exit(127);
		}
		setpgid(child, child);
		int status = 0, signal = 0;
		while (!has_ended(child, signal != 0, status))
			if ((signal = signals.within_moment()))
				(void)::kill(-child, SIGTERM);
		if (signal)
			throw Trouble(
				format("ended by %s before the machine ran", strsignal(signal)));
		if (status)
			throw Trouble(std::string(launcher_failed) + "; the machine " + name_ +
				      " was not started");
	}

	/* Until the machine or a signal, which is returned, ends it, or the console is left. */
	[[nodiscard]] int stay(const Machines &machines, const Signals &signals, Streams &io) const
	{
		if (io.out.is_terminal() && isatty(STDIN_FILENO)) {
			io.err.line("Ctrl-] ends the machine.");
			io.err.flush();
			(void)relay(machines.path(name_, "console"), STDIN_FILENO, {}, signals, io);
			return signals.within_moment();
		}
		int signal = 0;
		while (!signal && machines.running(name_))
			signal = signals.within_moment();
		return signal;
	}

	std::string name_, type_, address_, driver_, kernel_, memory_, accel_, directory_;
	std::string mac_, metadata_, image_, overlay_, ssh_key_, user_data_;
	std::vector<std::string> networks_;
	std::optional<uint64_t> cpus_, ports_, ssh_port_;
	bool detach_ = false, uefi_ = false, password_ = false;
};

} // namespace

std::unique_ptr<Command> make_run()
{
	return std::make_unique<Run>();
}

} // namespace tool
