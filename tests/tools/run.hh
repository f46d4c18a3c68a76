/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the program "openena" in this process. */
#ifndef TESTS_TOOLS_RUN_HH
#define TESTS_TOOLS_RUN_HH

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

struct Ran {
	int status;
	std::string out, err;
};
Ran openena(const std::vector<std::string> &arguments);

[[nodiscard]] bool has(const std::string &text, const std::string &part);
[[nodiscard]] std::string file_text(const std::filesystem::path &path);

/* A directory that goes away with this. */
class Scratch {
    public:
	Scratch();
	~Scratch();
	[[nodiscard]] std::filesystem::path operator/(const std::string &name) const
	{
		return path_ / name;
	}
	[[nodiscard]] const std::filesystem::path &path() const
	{
		return path_;
	}

    private:
	std::filesystem::path path_;
};

/*
 * A monitor at the socket "qmp" that answers the first client: @greeting, then to each
 * line it gets the next of @answers; it hangs up behind the last.
 */
class FakeMonitor {
    public:
	FakeMonitor(std::string greeting, std::vector<std::string> answers);
	~FakeMonitor();
	[[nodiscard]] std::string path() const
	{
		return scratch_ / "qmp";
	}
	/* What was asked; after the client has gone. */
	const std::vector<std::string> &asked();

    private:
	void serve();

	Scratch scratch_;
	std::string greeting_;
	std::vector<std::string> answers_, asked_;
	int listener_;
	std::thread thread_;
};

inline constexpr const char *qmp_greeting = R"({"QMP": {"version": {}, "capabilities": []}})";
inline constexpr const char *qmp_done = R"({"return": {}})";
inline constexpr const char *qmp_one_adapter =
	R"({"return": [{"name": "type", "type": "string"}, {"name": "nic0", "type": "child<ena>"}]})";

#endif
