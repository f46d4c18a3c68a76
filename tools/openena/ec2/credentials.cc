// SPDX-License-Identifier: GPL-2.0-or-later
#include "credentials.hh"

#include "digest.hh"
#include "durable.hh"
#include "text.hh"
#include "trouble.hh"

namespace tool::ec2
{

namespace
{

std::string stripped(const std::string &text)
{
	const size_t first = text.find_first_not_of(" \t\r");

	if (first == text.npos)
		return {};
	return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

} // namespace

std::vector<Credential> read_credentials(const std::string &path)
{
	const auto text = read_whole(path);
	std::vector<Credential> found;
	Credential one;

	if (!text)
		throw Trouble(printable(path) + ": there is no such file of credentials");
	for (const std::string &raw : split(*text, '\n')) {
		const std::string line = stripped(raw);
		const size_t equals = line.find('=');
		if (line.starts_with('['))
			one = {};
		if (line.starts_with('#') || line.starts_with(';') || equals == line.npos)
			continue;
		const std::string name = stripped(line.substr(0, equals));
		if (name == "aws_access_key_id")
			one.id = stripped(line.substr(equals + 1));
		else if (name == "aws_secret_access_key")
			one.secret = stripped(line.substr(equals + 1));
		if (!one.id.empty() && !one.secret.empty()) {
			found.push_back(one);
			one = {};
		}
	}
	if (found.empty())
		throw Trouble(printable(path) + " has no aws_access_key_id with an "
						"aws_secret_access_key");
	return found;
}

void make_credentials(const std::string &path)
{
	if (!read_whole(path))
		write_durably(path, "[default]\naws_access_key_id = OPENENA" + random_hex(6) +
					    "\naws_secret_access_key = " + random_hex(20) + "\n");
}

} // namespace tool::ec2
