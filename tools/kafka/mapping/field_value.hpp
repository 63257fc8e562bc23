#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "shm/base/errc.hpp"
#include "shm/document/value.hpp"

namespace ringside::kafka {

/// The value of a field of a message; `monostate` if it is missing or null. An unsigned integer is
/// one beyond INT64_MAX, a `Value` an object or an array. Texts and values are views into the
/// message.
using FieldValue = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                                std::string_view, Value>;

[[nodiscard]] FieldValue field_value_of(const Value& value) noexcept;

[[nodiscard]] inline bool is_there(const FieldValue& value) noexcept { return value.index() != 0; }

/// Appends a text, an integer, true or false. Returns false for any other type.
[[nodiscard]] bool append_text(const FieldValue& value, std::string& out);

/// Formats the value for messages: "'abc'", "12", "an object". Long texts are truncated.
[[nodiscard]] std::string shown(const FieldValue& value);

}  // namespace ringside::kafka
