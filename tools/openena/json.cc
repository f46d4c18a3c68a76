// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.hh"

#include "text.hh"
#include "trouble.hh"

#include <nlohmann/json.hpp>

namespace tool
{

namespace
{

/* Builds a value out of what the parser reports. */
class Builder : public nlohmann::json_sax<nlohmann::json> {
    public:
	explicit Builder(std::string what) : what_(std::move(what))
	{
	}
	Json take()
	{
		return std::move(root_);
	}

	bool null() override
	{
		return put(Json());
	}
	bool boolean(bool value) override
	{
		return put(value);
	}
	bool number_integer(number_integer_t value) override
	{
		return put(value);
	}
	bool number_unsigned(number_unsigned_t value) override
	{
		return put(value);
	}
	bool number_float(number_float_t value, const string_t &) override
	{
		return put(value);
	}
	bool string(string_t &value) override
	{
		return put(std::move(value));
	}
	bool binary(binary_t &) override
	{
		return false;
	}
	bool start_object(std::size_t) override
	{
		return open(Json::Object{});
	}
	bool key(string_t &name) override
	{
		names_.back() = name;
		return true;
	}
	bool end_object() override
	{
		return close();
	}
	bool start_array(std::size_t) override
	{
		return open(Json::Array{});
	}
	bool end_array() override
	{
		return close();
	}
	bool parse_error(std::size_t position, const std::string &token,
			 const nlohmann::detail::exception &) override
	{
		throw Trouble(format("%s is no JSON: byte %zu, near \"%s\"", what_.c_str(),
				     position, printable(token, 40).c_str()));
	}

    private:
	bool open(Json container)
	{
		if (open_.size() == Json::max_depth)
			throw Trouble(format("%s is nested deeper than %zu", what_.c_str(),
					     Json::max_depth));
		open_.push_back(std::move(container));
		names_.emplace_back();
		return true;
	}
	bool close()
	{
		Json done = std::move(open_.back());
		open_.pop_back();
		names_.pop_back();
		return put(std::move(done));
	}
	bool put(Json value)
	{
		if (open_.empty())
			root_ = std::move(value);
		else if (open_.back().object())
			open_.back().set(names_.back(), std::move(value));
		else
			open_.back().add(std::move(value));
		return true;
	}

	std::string what_;
	Json root_;
	std::vector<Json> open_; /* from the outermost in */
	std::vector<std::string> names_; /* the last of each, if an object */
};

} // namespace

/* Writes a value out; the library does its scalars. */
struct JsonText {
	int indent;
	std::string text;

	void line_break(size_t depth)
	{
		if (indent)
			text += "\n" + std::string(depth * static_cast<size_t>(indent), ' ');
	}
	void scalar(const nlohmann::json &value)
	{
		text += value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
	}
	void put(const Json &value, size_t depth)
	{
		if (const Json::Array *items = value.array()) {
			const char *before = "[";
			for (const Json &item : *items) {
				text += before;
				line_break(depth + 1);
				put(item, depth + 1);
				before = ",";
			}
			close(items->empty(), "[]", depth);
		} else if (const Json::Object *members = value.object()) {
			const char *before = "{";
			for (const auto &[name, member] : *members) {
				text += before;
				line_break(depth + 1);
				scalar(name);
				text += indent ? ": " : ":";
				put(member, depth + 1);
				before = ",";
			}
			close(members->empty(), "{}", depth);
		} else if (const auto *string = value.string()) {
			scalar(*string);
		} else if (const auto *flag = std::get_if<bool>(&value.value_)) {
			scalar(*flag);
		} else if (const auto *with_sign = std::get_if<int64_t>(&value.value_)) {
			scalar(*with_sign);
		} else if (const auto *number = std::get_if<uint64_t>(&value.value_)) {
			scalar(*number);
		} else if (const auto *real = std::get_if<double>(&value.value_)) {
			scalar(*real);
		} else {
			scalar(nullptr);
		}
	}
	void close(bool empty, const char *brackets, size_t depth)
	{
		if (empty) {
			text += brackets;
			return;
		}
		line_break(depth);
		text += brackets[1];
	}
};

Json Json::parse(std::string_view text, std::string_view what)
{
	Builder builder{std::string(what)};

	(void)nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
	return builder.take();
}

std::string Json::dump(int indent) const
{
	JsonText writer{indent, {}};

	writer.put(*this, 0);
	return std::move(writer.text);
}

std::optional<bool> Json::boolean() const
{
	if (const bool *value = std::get_if<bool>(&value_))
		return *value;
	return {};
}

std::optional<uint64_t> Json::number() const
{
	if (const uint64_t *value = std::get_if<uint64_t>(&value_))
		return *value;
	if (const int64_t *value = std::get_if<int64_t>(&value_); value && *value >= 0)
		return static_cast<uint64_t>(*value);
	return {};
}

const Json *Json::find(std::string_view name) const
{
	const Object *members = object();

	if (members)
		for (const auto &[key, value] : *members)
			if (key == name)
				return &value;
	return nullptr;
}

std::string Json::plain() const
{
	if (const std::string *text = string())
		return printable(*text);
	if (const auto value = boolean())
		return *value ? "yes" : "no";
	return printable(dump(0));
}

void Json::set(std::string name, Json value)
{
	if (is_null())
		value_ = Object{};
	std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
}

void Json::add(Json value)
{
	if (is_null())
		value_ = Array{};
	std::get<Array>(value_).push_back(std::move(value));
}

} // namespace tool
