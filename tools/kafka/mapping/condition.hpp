#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tools/kafka/mapping/constant.hpp"
#include "tools/kafka/mapping/message_fields.hpp"

namespace re2 {
class RE2;
}

namespace ringside::kafka {

/// A condition on a field for a rule to apply to a message. All parts that are set must hold.
/// Thread safety: immutable.
struct Condition {
    FieldId field{};
    std::optional<Constant> equal;
    std::optional<Constant> not_equal;
    std::vector<Constant> in;  ///< empty if not set
    std::optional<bool> exists;
    std::shared_ptr<const re2::RE2> matches;  ///< for the whole text; null if not set
    std::optional<Constant> greater;          ///< a number
    std::optional<Constant> less;             ///< a number

    /// Cost: that of the comparisons; a regular expression takes linear time.
    [[nodiscard]] bool holds(const FieldValue& value) const;
};

/// Reads a table such as `{ field = "type", equals = "seat" }`. Error: bad_configuration.
Result<Condition> read_condition(const tools::TomlFile& file, const toml::table& table,
                                 FieldTable& fields);

/// Checks that a constant can equal the field at all. Error: bad_configuration.
Result<void> check_comparable(const tools::TomlFile& file, const toml::node& node,
                              const FieldPath& path, const Constant& constant);

}  // namespace ringside::kafka
