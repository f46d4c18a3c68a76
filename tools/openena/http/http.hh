/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request of HTTP and its answer, without the library that carries them. */
#ifndef TOOL_HTTP_HH
#define TOOL_HTTP_HH

#include <functional>
#include <string>
#include <string_view>
#include <strings.h>
#include <utility>
#include <vector>

namespace tool
{

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
	std::string method;
	std::string target; /* as it came: path and query, still encoded */
	HttpHeaders headers; /* of one name in their order */
	std::string body;

	/* The first of that name in any case; null: there is none. */
	[[nodiscard]] const std::string *header(std::string_view name) const
	{
		for (const auto &[key, value] : headers)
			if (key.size() == name.size() &&
			    !strncasecmp(key.data(), name.data(), name.size()))
				return &value;
		return nullptr;
	}
};

struct HttpAnswer {
	int status = 200;
	std::string type, body;
	HttpHeaders headers{};
};

/* Called by several threads at a time. */
using HttpHandler = std::function<HttpAnswer(const HttpRequest &)>;

} // namespace tool

#endif
