/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of credentials that the AWS CLI reads, too. */
#ifndef TOOL_EC2_CREDENTIALS_HH
#define TOOL_EC2_CREDENTIALS_HH

#include "sigv4.hh"

namespace tool::ec2
{

/* Of all profiles. Trouble: it cannot be read, or has none. */
[[nodiscard]] std::vector<Credential> read_credentials(const std::string &path);
/* A file with a new one, unless there is a file. */
void make_credentials(const std::string &path);

} // namespace tool::ec2

#endif
