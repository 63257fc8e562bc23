#pragma once

#include <chrono>
#include <optional>
#include <variant>
#include <vector>

#include "tools/kafka/mapping/condition.hpp"
#include "tools/kafka/mapping/field_template.hpp"
#include "tools/kafka/mapping/mapper.hpp"
#include "tools/kafka/mapping/shape.hpp"

namespace ringside::kafka {

/// An operation that a field of the message selects.
struct OperationByField {
    struct Choice {
        Constant value;
        Operation operation;
    };
    FieldId field{};
    std::vector<Choice> choices;
};

/// The reaction to a tombstone.
enum class Tombstone : std::uint8_t { remove, skip, dead_letter };
enum class Unmatched : std::uint8_t { skip, dead_letter };

/// The mapping of one kind of messages.
/// Thread safety: immutable.
struct Rule {
    /// All of them must hold. Those that need no JSON come first, those on the value last.
    /// Conditions on the value are ignored for a tombstone.
    std::vector<Condition> conditions;
    FieldTemplate name;
    std::variant<Operation, OperationByField> operation = Operation::put;
    Tombstone tombstone = Tombstone::remove;
    std::optional<FieldId> document;  ///< none for the whole value
    std::optional<Shape> shape;
    std::variant<std::chrono::milliseconds, FieldId> ttl = std::chrono::milliseconds(0);
    bool ignores_missing = true;

    // Whether the value must be parsed as JSON once the rule applies.
    bool needs_value = false;
    bool needs_key_json = false;

    /// Reads a table `[[….rule]]`. Error: bad_configuration.
    static Result<Rule> read(const tools::TomlFile& file, const toml::table& table,
                             FieldTable& fields);
};

struct Mapping::Rules {
    FieldTable fields;
    std::vector<Rule> rules;
    Unmatched unmatched = Unmatched::skip;
    bool needs_headers = false;
};

}  // namespace ringside::kafka
