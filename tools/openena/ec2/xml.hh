/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers as XML. An action returns Json: a member of an object is an element of its name, an
 * item of an array an element <item>; what is null is left out.
 */
#ifndef TOOL_EC2_XML_HH
#define TOOL_EC2_XML_HH

#include "json.hh"

namespace tool::ec2
{

/* A scalar as an element has it. */
[[nodiscard]] std::string scalar_text(const Json &value);

[[nodiscard]] std::string xml_answer(const std::string &action, const std::string &request_id,
				     const Json &result);
[[nodiscard]] std::string xml_error(const std::string &code, const std::string &message,
				    const std::string &request_id);

} // namespace tool::ec2

#endif
