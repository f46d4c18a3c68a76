// SPDX-License-Identifier: GPL-2.0-or-later
#include "xml.hh"

#include <pugixml.hpp>
#include <sstream>

namespace tool::ec2
{

namespace
{

constexpr const char *xmlns = "http://ec2.amazonaws.com/doc/2016-11-15/";

/* XML has no way to write other control characters, U+FFFE, U+FFFF, nor bytes that are no UTF-8. */
std::string legal(const std::string &text)
{
	const Json clean = Json::parse(Json(text).dump(0), "text"); /* UTF-8, or U+FFFD */
	std::string result = *clean.string();

	for (char &c : result)
		if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')
			c = '?';
	for (const char *none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
		for (size_t at; (at = result.find(none)) != result.npos;)
			result.replace(at, 3, "?");
	return result;
}

void add(pugi::xml_node to, const Json &value)
{
	if (const auto *members = value.object()) {
		for (const auto &[name, member] : *members)
			if (!member.is_null())
				add(to.append_child(name.c_str()), member);
	} else if (const auto *items = value.array()) {
		for (const Json &item : *items)
			add(to.append_child("item"), item);
	} else {
		to.text().set(legal(scalar_text(value)).c_str());
	}
}

std::string text_of(const pugi::xml_document &document)
{
	std::ostringstream text;

	document.save(text, "", pugi::format_raw, pugi::encoding_utf8);
	std::string result = text.str();
	/* As it is, a reader takes it for the end of a line. */
	for (size_t at = 0; (at = result.find('\r', at)) != result.npos;)
		result.replace(at, 1, "&#13;");
	return result;
}

pugi::xml_node begin(pugi::xml_document &document, const std::string &root)
{
	pugi::xml_node declaration = document.append_child(pugi::node_declaration);

	declaration.append_attribute("version") = "1.0";
	declaration.append_attribute("encoding") = "UTF-8";
	return document.append_child(root.c_str());
}

} // namespace

std::string scalar_text(const Json &value)
{
	if (const auto boolean = value.boolean())
		return *boolean ? "true" : "false";
	return value.string() ? *value.string() : value.plain();
}

std::string xml_answer(const std::string &action, const std::string &request_id, const Json &result)
{
	pugi::xml_document document;
	pugi::xml_node root = begin(document, action + "Response");

	root.append_attribute("xmlns") = xmlns;
	root.append_child("requestId").text().set(request_id.c_str());
	add(root, result);
	return text_of(document);
}

std::string xml_error(const std::string &code, const std::string &message,
		      const std::string &request_id)
{
	pugi::xml_document document;
	pugi::xml_node root = begin(document, "Response");
	pugi::xml_node error = root.append_child("Errors").append_child("Error");

	error.append_child("Code").text().set(code.c_str());
	error.append_child("Message").text().set(legal(message).c_str());
	root.append_child("RequestID").text().set(request_id.c_str());
	return text_of(document);
}

} // namespace tool::ec2
