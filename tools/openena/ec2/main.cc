// SPDX-License-Identifier: GPL-2.0-or-later
/* openena-ec2: the program "openena", with a server for its command ec2. */
#include "credentials.hh"
#include "durable.hh"
#include "ec2.hh"
#include "endpoint.hh"
#include "http/server.hh"
#include "machines.hh"
#include "query.hh"

#include <csignal>
#include <filesystem>
#include <unistd.h>

namespace
{

using namespace tool;

int serve(const Ec2Options &options, Streams &io)
{
	/* Machines are where openena list finds them, unless told. */
	const Machines machines(options.directory.empty() ? "" : options.directory + "/machines");
	const std::string directory =
		std::filesystem::path(machines.directory()).parent_path() / "ec2";
	const Descriptor lock = lock_file(directory + "/lock");
	std::string credentials = options.credentials;

	if (credentials.empty()) {
		credentials = directory + "/credentials";
		ec2::make_credentials(credentials);
	}
	ec2::Store store(directory + "/state.json");
	const ec2::FleetConfig config{machines.directory(), directory + "/launches", {},
				      options.accel,        options.memory,          options.cpus};
	ec2::Fleet fleet(store, config, ec2::run_this_program);
	const ec2::Endpoint endpoint(store, fleet, ec2::read_credentials(credentials));
	const HttpServerConfig http{options.address, options.port, ec2::Query::max_body,
				    ec2::Endpoint::too_long()};

	serve_http(
		http,
		[&](const HttpRequest &request) { return endpoint.answer(request, time(nullptr)); },
		[&](uint16_t port) {
			io.err.print("openena: http://%s:%u\n"
				     "for the AWS CLI:\n"
				     "  export AWS_SHARED_CREDENTIALS_FILE=%s\n"
				     "  export AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=\n"
				     "  aws --endpoint-url http://%s:%u ec2 describe-images\n",
				     options.address.c_str(), port, credentials.c_str(),
				     options.address.c_str(), port);
			io.err.flush();
			fleet.settle_all();
		});
	return exit_fine;
}

} // namespace

int main(int count, char **words)
{
	Output out(STDOUT_FILENO, "standard output"), err(STDERR_FILENO, "standard error");
	Streams io{out, err};

	(void)std::signal(SIGPIPE, SIG_IGN);
	ec2_server = serve;
	const std::vector<std::string> arguments(words + (count ? 1 : 0), words + count);
	return tool::run(arguments, io);
}
