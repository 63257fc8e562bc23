#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "shm/base/errc.hpp"
#include "shm/document/value.hpp"

namespace ringside::kafka {

/// What a message has in a field; `monostate` where there is nothing, or null. An unsigned integer
/// is one beyond INT64_MAX, a `Value` an object or an array. Texts and values are views into the
/// message.
using FieldValue = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                                std::string_view, Value>;

[[nodiscard]] FieldValue field_value_of(const Value& value) noexcept;

[[nodiscard]] inline bool is_there(const FieldValue& value) noexcept { return value.index() != 0; }

/// Appends a text, an integer, true or false. False: it is something else.
[[nodiscard]] bool append_text(const FieldValue& value, std::string& out);

/// What to tell a person of it: "'abc'", "12", "an object". Long texts are cut.
[[nodiscard]] std::string shown(const FieldValue& value);

}  // namespace ringside::kafka
