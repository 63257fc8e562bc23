#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tools/kafka/mapping/field_value.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// A value that stands in the configuration.
using Constant = std::variant<bool, std::int64_t, double, std::string>;

/// A text, a number, true or false. Error: bad_configuration, `key` names it.
Result<Constant> read_constant(const tools::TomlFile& file, std::string_view key,
                               const toml::node& node);

/// A list of them, with one at least. Error: bad_configuration.
Result<std::vector<Constant>> read_constants(const tools::TomlFile& file, std::string_view key,
                                             const toml::node& node);

/// Whether they are of one type and equal; numbers of all types are compared by what they amount
/// to. Nothing equals no constant.
[[nodiscard]] bool equals(const FieldValue& value, const Constant& constant) noexcept;

/// How a number stands to another; unordered where one of the two is no number.
[[nodiscard]] std::partial_ordering compare_numbers(const FieldValue& value,
                                                    const Constant& constant) noexcept;

}  // namespace ringside::kafka
