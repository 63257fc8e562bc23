#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tools/kafka/mapping/field_value.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// A value in the configuration.
using Constant = std::variant<bool, std::int64_t, double, std::string>;

/// Reads a text, a number, true or false. Error: bad_configuration; `key` names the value.
Result<Constant> read_constant(const tools::TomlFile& file, std::string_view key,
                               const toml::node& node);

/// Reads a list of at least one. Error: bad_configuration.
Result<std::vector<Constant>> read_constants(const tools::TomlFile& file, std::string_view key,
                                             const toml::node& node);

/// Returns whether both have the same type and are equal. Numbers of all types are compared by
/// value. A missing value equals no constant.
[[nodiscard]] bool equals(const FieldValue& value, const Constant& constant) noexcept;

/// Compares two numbers. Unordered if one of the two is not a number.
[[nodiscard]] std::partial_ordering compare_numbers(const FieldValue& value,
                                                    const Constant& constant) noexcept;

}  // namespace ringside::kafka
