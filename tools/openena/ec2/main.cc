// SPDX-License-Identifier: GPL-2.0-or-later
/* openena-ec2: the program "openena", with a server for its command ec2. */
#include "catalog.hh"
#include "credentials.hh"
#include "digest.hh"
#include "durable.hh"
#include "ec2.hh"
#include "endpoint.hh"
#include "http/server.hh"
#include "machines.hh"
#include "metadata.hh"
#include "query.hh"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace
{

using namespace tool;

constexpr int most_connections = 8; /* of a guest to its metadata, at a time */

std::string quoted(std::string word)
{
	for (size_t at = 0; (at = word.find('\'', at)) != word.npos; at += 4)
		word.replace(at, 1, "'\\''");
	return "'" + word + "'";
}

/* What QEMU runs for a guest's connection to its metadata; the instance's id follows. */
std::string metadata_command(const std::string &directory)
{
	const std::string program = std::filesystem::read_symlink("/proc/self/exe");

	return quoted(program) + " metadata " + quoted(directory);
}

/* Held by one of the connections of a guest. */
Descriptor take_place(const std::string &prefix)
{
	for (int i = 0; i < most_connections - 1; i++)
		try {
			return lock_file(prefix + std::to_string(i));
		} catch (const Trouble &) {
			continue;
		}
	return lock_file(prefix + std::to_string(most_connections - 1));
}

/* One connection: standard input and output. */
int answer_guest(const std::string &directory, const std::string &id)
{
	Machines::check_name(id);
	const Descriptor place = take_place(directory + "/launches/" + id + ".metadata");
	const auto key = read_whole(directory + "/metadata.key");
	if (!key)
		throw Trouble(directory + " is not that of an endpoint");
	serve_http_client(STDIN_FILENO, STDOUT_FILENO, [&](const HttpRequest &request) {
		return ec2::Metadata(ec2::Store::read(directory + "/state.json"), id, *key)
			.answer(request, time(nullptr));
	});
	return exit_fine;
}

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
	if (!read_whole(directory + "/metadata.key"))
		write_durably(directory + "/metadata.key", ec2::random_hex(32));
	std::filesystem::create_directories(directory + "/images");
	ec2::take_images_from(directory + "/images");
	ec2::Store store(directory + "/state.json");
	const ec2::FleetConfig config{
		machines.directory(), directory + "/launches", metadata_command(directory),
		options.accel,        options.memory,          options.cpus};
	ec2::Fleet fleet(store, config, ec2::run_this_program);
	const ec2::Endpoint endpoint(store, fleet, ec2::read_credentials(credentials));
	const HttpServerConfig http{options.address, options.port, ec2::Query::max_body,
				    ec2::Endpoint::refusal};
	const std::string host = options.address.find(':') == std::string::npos
					 ? options.address
					 : "[" + options.address + "]";

	serve_http(
		http,
		[&](const HttpRequest &request) { return endpoint.answer(request, time(nullptr)); },
		[&](uint16_t port) {
			io.err.print("openena: http://%s:%u\n"
				     "for the AWS CLI:\n"
				     "  export AWS_SHARED_CREDENTIALS_FILE=%s\n"
				     "  export AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=\n"
				     "  aws --endpoint-url http://%s:%u ec2 describe-images\n",
				     host.c_str(), port, credentials.c_str(), host.c_str(), port);
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
	if (count == 4 && std::string(words[1]) == "metadata") {
		try {
			return answer_guest(words[2], words[3]);
		} catch (const std::exception &trouble) {
			err.print("openena: %s\n", trouble.what());
			err.flush();
			return exit_trouble;
		}
	}
	const std::vector<std::string> arguments(words + (count ? 1 : 0), words + count);
	return tool::run(arguments, io);
}
