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

/// What must hold of a field for a rule to be for a message; all that is there must hold.
/// Thread safety: immutable.
struct Condition {
    FieldId field{};
    std::optional<Constant> equal;
    std::optional<Constant> not_equal;
    std::vector<Constant> in;  ///< empty: not asked for
    std::optional<bool> exists;
    std::shared_ptr<const re2::RE2> matches;  ///< the whole text; null: not asked for
    std::optional<Constant> greater;          ///< a number
    std::optional<Constant> less;             ///< a number

    /// Cost: that of the comparisons; a regular expression is linear in the text.
    [[nodiscard]] bool holds(const FieldValue& value) const;
};

/// A table such as `{ field = "type", equals = "seat" }`. Error: bad_configuration.
Result<Condition> read_condition(const tools::TomlFile& file, const toml::table& table,
                                 FieldTable& fields);

/// Whether a constant can ever equal the field. Error: bad_configuration, where it cannot.
Result<void> check_comparable(const tools::TomlFile& file, const toml::node& node,
                              const FieldPath& path, const Constant& constant);

}  // namespace ringside::kafka
