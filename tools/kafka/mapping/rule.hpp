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

/// The operation that a field of the message stands for.
struct OperationByField {
    struct Choice {
        Constant value;
        Operation operation;
    };
    FieldId field{};
    std::vector<Choice> choices;
};

/// What to do where there is nothing to be mapped as usual.
enum class Tombstone : std::uint8_t { remove, skip, dead_letter };
enum class Unmatched : std::uint8_t { skip, dead_letter };

/// What one kind of messages comes to.
/// Thread safety: immutable.
struct Rule {
    /// All of them must hold; those that need no JSON come first, those on the value last. Of a
    /// tombstone those on the value are not asked.
    std::vector<Condition> conditions;
    FieldTemplate name;
    std::variant<Operation, OperationByField> operation = Operation::put;
    Tombstone tombstone = Tombstone::remove;
    std::optional<FieldId> document;  ///< none: the whole value
    std::optional<Shape> shape;
    std::variant<std::chrono::milliseconds, FieldId> ttl = std::chrono::milliseconds(0);
    bool ignores_missing = true;

    // What has to be read as JSON once it is known that the rule applies.
    bool needs_value = false;
    bool needs_key_json = false;

    /// From a table `[[….rule]]`. Error: bad_configuration.
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
