// SPDX-License-Identifier: GPL-2.0-or-later
/* openena ec2: calls of the EC2 Query API, answered here. */
#include "ec2.hh"

#include "commands.hh"
#include "sibling.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>

namespace tool
{

Ec2Server ec2_server = nullptr;

namespace
{

constexpr uint16_t default_port = 9870;

class Ec2 : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "ec2";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "answer calls of the EC2 API with machines of openena run";
	}
	void declare(Options &options) override
	{
		options.number("--port", port_, 0, 65535, "PORT", "of HTTP; 0: any (9870)");
		options.text("--listen", options_.address, "ADDRESS",
			     "to listen at (127.0.0.1: programs of this machine alone)");
		options.text("--credentials", options_.credentials, "FILE",
			     "whose requests are answered; none: a credential that is made");
		options.text("--state-dir", options_.directory, "DIR",
			     "where instances and their machines are kept");
		options.choice("--accel", options_.accel, {"auto", "kvm", "tcg"},
			       "how the processors of machines are made");
		options.text("--memory", options_.memory, "SIZE", "of a machine, such as 2G (1G)");
		options.number("--cpus", options_.cpus, 1, 64, "N", "processors of a machine (2)");
	}
	int run(Streams &io) override
	{
		if (!ec2_server)
			become_sibling("openena-ec2", "the server");
		check_memory();
		options_.port = static_cast<uint16_t>(port_.value_or(default_port));
		return ec2_server(options_, io);
	}

    private:
	/* What a launch would only find out later. */
	void check_memory() const
	{
		const std::string &size = options_.memory;
		const size_t digits = std::min(size.find_first_not_of("0123456789"), size.size());

		if (!size.empty() && (size[0] == '0' || !digits || digits > 6 ||
				      (size.substr(digits) != "M" && size.substr(digits) != "G")))
			throw Trouble("--memory " + printable(size, 40) +
				      ": must be a size such as 512M or 2G");
	}

	Ec2Options options_;
	std::optional<uint64_t> port_;
};

} // namespace

std::unique_ptr<Command> make_ec2()
{
	return std::make_unique<Ec2>();
}

} // namespace tool
