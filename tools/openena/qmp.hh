/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's monitor (QMP) at a Unix socket, and an adapter behind it. */
#ifndef TOOL_QMP_HH
#define TOOL_QMP_HH

#include "descriptor.hh"
#include "json.hh"
#include "trouble.hh"

#include <string>
#include <vector>

namespace tool
{

/* QEMU carries a command out, or says why not: the text is its own. */
class Refused : public Trouble {
    public:
	using Trouble::Trouble;
};

/* To a Unix socket. Trouble names @path and the reason. */
[[nodiscard]] Descriptor connect_to(const std::string &path);

/* A connection. What arrives is not trusted: bounded in size, depth and time. */
class Qmp {
    public:
	static constexpr size_t max_message = 16 << 20;
	static constexpr int greeting_ms = 5000, answer_ms = 20000;

	/* Trouble names @path and what is wrong with it. */
	explicit Qmp(std::string path);
	/* What the command returns. Events that arrive meanwhile are dropped. */
	Json execute(const std::string &command, Json arguments = Json(Json::Object{}));

	[[nodiscard]] const std::string &path() const
	{
		return path_;
	}

    private:
	[[noreturn]] void fail(const std::string &what) const;
	[[noreturn]] void fail_of(int error) const;
	Json message(int timeout_ms);

	std::string path_;
	Descriptor socket_;
	std::string received_; /* behind the last message */
};

/* An adapter of the machine. */
class Adapter {
    public:
	/* @id: that of -device; empty: the only one there is. */
	Adapter(Qmp &qmp, const std::string &id);
	[[nodiscard]] const std::string &id() const
	{
		return id_;
	}
	Json get(const char *property);
	void set(const char *property, Json value);

	/* The ids of all. */
	static std::vector<std::string> all(Qmp &qmp);

    private:
	Json arguments(const char *property) const;

	Qmp &qmp_;
	std::string id_;
};

} // namespace tool

#endif
