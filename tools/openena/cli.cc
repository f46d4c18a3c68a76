// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.hh"

#include "text.hh"

#include <CLI/CLI.hpp>
#include <algorithm>

#ifndef OPENENA_VERSION
#error "the build defines the version"
#endif

namespace tool
{

namespace
{

constexpr const char *description =
	"Tools for Amazon's Elastic Network Adapter (ENA): real, or emulated by OpenENA.";
constexpr const char *footer = "Exit status: 0 fine, 1 the answer is no (findings, nothing that "
			       "matches), 2 trouble.\nopenena COMMAND --help tells of a command, "
			       "Documentation/tools.rst of all.";

/* The option as the user named it. */
std::string first_name(const char *names)
{
	const std::string all = names;
	return all.substr(all.rfind(',') == std::string::npos ? 0 : all.rfind(',') + 1);
}

std::vector<std::string> option_names(const CLI::App &app)
{
	std::vector<std::string> names;

	for (const CLI::Option *option : app.get_options())
		for (const std::string &name : option->get_lnames())
			names.push_back("--" + name);
	return names;
}

/* The sentence about words that no option and no argument takes. */
std::string about_extras(const CLI::App &app, const std::vector<std::string> &words)
{
	const std::string word = words.empty() ? "" : words.front();

	if (word.starts_with("-"))
		return no_such("option", word, option_names(app));
	return format("\"%s\" is one word too many", printable(word).c_str());
}

struct Program {
	CLI::App app{description, "openena"};
	std::vector<std::unique_ptr<Command>> known = commands();
	std::vector<CLI::App *> apps;

	Program()
	{
		app.footer(footer);
		app.set_version_flag("--version", "openena " OPENENA_VERSION, "print the version");
		app.set_help_flag("-h,--help", "print this help");
		app.require_subcommand(1);
		for (const auto &command : known) {
			CLI::App *sub = app.add_subcommand(command->name(), command->summary());
			sub->set_help_flag("-h,--help", "print this help");
			Options options(*sub);
			command->declare(options);
			apps.push_back(sub);
		}
	}
	[[nodiscard]] std::vector<std::string> names() const
	{
		std::vector<std::string> names;
		for (const auto &command : known)
			names.emplace_back(command->name());
		return names;
	}
	/* The command that was parsed, else none. */
	[[nodiscard]] size_t chosen() const
	{
		for (size_t i = 0; i < apps.size(); i++)
			if (apps[i]->parsed())
				return i;
		return apps.size();
	}
};

int parse_and_run(Program &program, std::span<const std::string> arguments, Streams &io)
{
	const std::vector<std::string> names = program.names();

	if (!arguments.empty() && !arguments[0].starts_with("-") &&
	    std::find(names.begin(), names.end(), arguments[0]) == names.end())
		throw Trouble(no_such("command", arguments[0], names));
	try {
		/* It takes them from the end. */
		std::vector<std::string> words(arguments.rbegin(), arguments.rend());
		program.app.parse(words);
	} catch (const CLI::CallForHelp &) {
		io.out.write(program.app.help());
		return exit_fine;
	} catch (const CLI::CallForVersion &) {
		io.out.line("openena " OPENENA_VERSION);
		return exit_fine;
	} catch (const CLI::ParseError &error) {
		const size_t i = program.chosen();
		const bool of_command = i < program.apps.size();
		const CLI::App &app = of_command ? *program.apps[i] : program.app;
		/* Without a command it is the lack of one that is told first. */
		const std::vector<std::string> extras = program.app.remaining(true);
		const bool extra = dynamic_cast<const CLI::ExtrasError *>(&error) ||
				   (!of_command && !extras.empty());
		const std::string what = extra ? about_extras(app, extras)
					       : printable(error.what(), 400);
		throw Trouble(what + "; see openena " +
			      (of_command ? std::string(program.known[i]->name()) + " " : "") +
			      "--help");
	}
	return program.known[program.chosen()]->run(io);
}

} // namespace

void Options::flag(const char *names, bool &to, const char *help)
{
	app_.add_flag_callback(names, [&to] { to = true; }, help)->disable_flag_override();
}

void Options::text(const char *names, std::string &to, const char *value, const char *help)
{
	app_.add_option(
		    names,
		    [&to](const CLI::results_t &given) {
			    to = given.back();
			    return true;
		    },
		    help)
		->type_name(value)
		->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void Options::texts(const char *names, std::vector<std::string> &to, const char *value,
		    const char *help)
{
	app_.add_option(
		    names,
		    [&to](const CLI::results_t &given) {
			    to = given;
			    return true;
		    },
		    help)
		->type_name(value)
		->expected(names[0] == '-' ? 1 : -1)
		->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Options::number(const char *names, std::optional<uint64_t> &to, uint64_t least, uint64_t most,
		     const char *value, const char *help)
{
	const std::string name = first_name(names);

	app_.add_option(
		    names,
		    [&to, least, most, name](const CLI::results_t &given) {
			    to = number_within(given.back(), least, most, name);
			    return true;
		    },
		    help)
		->type_name(value)
		->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void Options::choice(const char *names, std::string &to, const std::vector<std::string> &words,
		     const char *help)
{
	const std::string name = first_name(names);
	std::string value;

	to = words.front();
	for (const std::string &word : words)
		value += (value.empty() ? "" : "|") + word;
	app_.add_option(
		    names,
		    [&to, words, name](const CLI::results_t &given) {
			    to = given.back();
			    if (std::find(words.begin(), words.end(), to) != words.end())
				    return true;
			    throw Trouble(name + " " + printable(to) + ": must be " +
					  enumerate(words, "or") + "; the nearest is " +
					  nearest(to, words));
		    },
		    help)
		->type_name(value)
		->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

int run(std::span<const std::string> arguments, Streams &io)
{
	int status = exit_trouble;

	try {
		Program program;
		status = parse_and_run(program, arguments, io);
	} catch (const std::exception &trouble) {
		io.err.print("openena: %s\n", trouble.what());
		status = exit_trouble;
	}
	try {
		io.out.flush(); /* what there is before a trouble, too */
	} catch (const Trouble &trouble) {
		io.err.print("openena: %s\n", trouble.what());
		status = exit_trouble;
	}
	try {
		io.err.flush();
	} catch (const Trouble &) {
		return exit_trouble; /* nobody is left to be told */
	}
	return status;
}

} // namespace tool
