/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An error of the EC2 Query API: a code for programs, a sentence for people. */
#ifndef TOOL_EC2_ERROR_HH
#define TOOL_EC2_ERROR_HH

#include <stdexcept>
#include <string>

namespace tool::ec2
{

class ApiError : public std::runtime_error {
    public:
	ApiError(const char *code, const std::string &message, int status = 400)
	    : runtime_error(message), code_(code), status_(status)
	{
	}
	[[nodiscard]] const char *code() const
	{
		return code_;
	}
	/* Of HTTP. */
	[[nodiscard]] int status() const
	{
		return status_;
	}

    private:
	const char *code_;
	int status_;
};

} // namespace tool::ec2

#endif
