/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values. What reads and writes them is in json.cc alone. */
#ifndef TOOL_JSON_HH
#define TOOL_JSON_HH

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tool
{

class Json {
    public:
	using Array = std::vector<Json>;
	using Object = std::vector<std::pair<std::string, Json>>; /* in the order given */

	/* What is read may be nested so deep. */
	static constexpr size_t max_depth = 32;

	Json() = default;
	Json(bool value) : value_(value)
	{
	}
	template <std::unsigned_integral T> Json(T value) : value_(static_cast<uint64_t>(value))
	{
	}
	template <std::signed_integral T> Json(T value) : value_(static_cast<int64_t>(value))
	{
	}
	Json(double value) : value_(value)
	{
	}
	Json(const char *text) : value_(std::string(text))
	{
	}
	Json(std::string text) : value_(std::move(text))
	{
	}
	Json(Array array) : value_(std::move(array))
	{
	}
	Json(Object object) : value_(std::move(object))
	{
	}

	/* Trouble says that @what is no JSON, and where. */
	[[nodiscard]] static Json parse(std::string_view text, std::string_view what);
	/* With @indent 0 on one line. Bytes that are no UTF-8 become U+FFFD. */
	[[nodiscard]] std::string dump(int indent = 2) const;

	[[nodiscard]] bool is_null() const
	{
		return std::holds_alternative<std::monostate>(value_);
	}
	/* Null if it is another kind. */
	[[nodiscard]] const Array *array() const
	{
		return std::get_if<Array>(&value_);
	}
	[[nodiscard]] const Object *object() const
	{
		return std::get_if<Object>(&value_);
	}
	[[nodiscard]] const std::string *string() const
	{
		return std::get_if<std::string>(&value_);
	}
	[[nodiscard]] std::optional<bool> boolean() const;
	[[nodiscard]] std::optional<uint64_t> number() const; /* none if negative */
	/* A member of an object; null if there is none, or this is no object. */
	[[nodiscard]] const Json *find(std::string_view name) const;
	/* A scalar as people write it; JSON of anything else. */
	[[nodiscard]] std::string plain() const;

	/* Adds a member to an object, or makes one of nothing. */
	void set(std::string name, Json value);
	/* Adds an item to an array, or makes one of nothing. */
	void add(Json value);

    private:
	friend struct JsonText;
	std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object>
		value_;
};

} // namespace tool

#endif
