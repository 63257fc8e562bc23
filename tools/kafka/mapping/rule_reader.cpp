#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <initializer_list>

#include "tools/kafka/mapping/mapping_limits.hpp"
#include "tools/kafka/mapping/own_records.hpp"
#include "tools/kafka/mapping/rule.hpp"
#include "tools/kafka/mapping/toml_values.hpp"
#include "tools/support/duration.hpp"

namespace ringside::kafka {

namespace {

using tools::TomlFile;

constexpr std::array<std::pair<std::string_view, Operation>, 4> operations = {
    {{"put", Operation::put},
     {"merge", Operation::merge},
     {"json_patch", Operation::json_patch},
     {"remove", Operation::remove}}};

constexpr std::array<std::pair<std::string_view, Tombstone>, 3> tombstones = {
    {{"remove", Tombstone::remove},
     {"skip", Tombstone::skip},
     {"dead_letter", Tombstone::dead_letter}}};

/// Reads one rule.
class RuleReader {
public:
    RuleReader(const TomlFile& file, FieldTable& fields) : file_(file), fields_(fields) {}

    Result<Rule> read(const toml::table& table) {
        fields_.begin_rule();
        const TomlFile::Take to_shape = [](std::string_view, const toml::node&) {
            return Result<void>();
        };
        if (auto read = file_.read(table, "a rule",
                                   {{"when", to(&RuleReader::when)},
                                    {"record", to(&RuleReader::record)},
                                    {"operation", to(&RuleReader::operation)},
                                    {"tombstone", file_.to(rule_.tombstone, tombstones)},
                                    {"document", to(&RuleReader::document)},
                                    {"include", to_shape},
                                    {"exclude", to_shape},
                                    {"rename", to_shape},
                                    {"convert", to_shape},
                                    {"set", to_shape},
                                    {"ttl", to(&RuleReader::ttl)},
                                    {"ignore_missing", file_.to(rule_.ignores_missing)}});
            !read) {
            return read.error();
        }
        if (rule_.name.parts().empty())
            return file_.error_at(table, "rule without a record; set record");
        auto shape = Shape::read(file_, table, fields_);
        if (!shape) return shape.error();
        rule_.shape = std::move(*shape);
        if (auto checked = check_use(table); !checked) return checked.error();
        rule_.needs_value = fields_.rule_names(FieldRoot::value) || !only(Operation::remove);
        rule_.needs_key_json = fields_.rule_names(FieldRoot::key_json);
        return std::move(rule_);
    }

private:
    TomlFile::Take to(Result<void> (RuleReader::*take)(const toml::node&)) {
        return
            [this, take](std::string_view, const toml::node& node) { return (this->*take)(node); };
    }

    Result<void> when(const toml::node& node) {
        const toml::array* list = node.as_array();
        if (list == nullptr) return file_.error_at(node, "when must be a list of conditions");
        if (list->size() > mapping_limits::conditions_max) {
            return file_.error_at(node, "when must have at most " +
                                            std::to_string(mapping_limits::conditions_max) +
                                            " conditions");
        }
        for (const toml::node& item : *list) {
            const toml::table* table = item.as_table();
            if (table == nullptr) return file_.error_at(item, "when must be a list of conditions");
            auto condition = read_condition(file_, *table, fields_);
            if (!condition) return condition.error();
            rule_.conditions.push_back(std::move(*condition));
        }
        const auto cost = [&](const Condition& condition) {
            const FieldRoot root = fields_.path(condition.field).root;
            return root == FieldRoot::value ? 2 : root == FieldRoot::key_json ? 1 : 0;
        };
        std::stable_sort(rule_.conditions.begin(), rule_.conditions.end(),
                         [&](const Condition& a, const Condition& b) { return cost(a) < cost(b); });
        return {};
    }

    Result<void> record(const toml::node& node) {
        std::string text;
        if (auto taken = file_.to(text)("record", node); !taken) return taken;
        auto parsed = FieldTemplate::parse(text, fields_);
        if (!parsed) return file_.error_at(node, "record: " + parsed.error().detail);
        // A fault in the text between the fields affects every name.
        std::string example;
        for (const FieldTemplate::Part& part : parsed->parts()) {
            example += part.text + (part.has_field ? "x" : "");
        }
        if (auto checked = check_record_name(example); !checked) {
            Error error = checked.error();
            if (!error.detail.empty()) error.detail += " in '" + example + "'";
            return file_.error_at(node, "record: " + error.explanation());
        }
        rule_.name = std::move(*parsed);
        return {};
    }

    Result<void> operation(const toml::node& node) {
        if (const toml::table* table = node.as_table()) return operation_by_field(*table);
        return file_.to(rule_.operation.emplace<Operation>(), operations)("operation", node);
    }

    Result<void> operation_by_field(const toml::table& table) {
        auto& by_field = rule_.operation.emplace<OperationByField>();
        std::optional<FieldId> field;
        const auto to_choices = [&](Operation operation) -> TomlFile::Take {
            return [&, operation](std::string_view key, const toml::node& node) -> Result<void> {
                auto constants = read_constants(file_, key, node);
                if (!constants) return constants.error();
                for (Constant& constant : *constants) {
                    if (is_chosen(by_field, constant)) {
                        return file_.error_at(
                            node, std::string(key) + ": value selects two operations; keep one");
                    }
                    by_field.choices.push_back({std::move(constant), operation});
                }
                return {};
            };
        };
        if (auto read = file_.read(table, "an operation",
                                   {{"field", to_field(field, file_, fields_)},
                                    {"put", to_choices(Operation::put)},
                                    {"merge", to_choices(Operation::merge)},
                                    {"json_patch", to_choices(Operation::json_patch)},
                                    {"remove", to_choices(Operation::remove)}});
            !read) {
            return read;
        }
        if (!field || by_field.choices.empty()) {
            return file_.error_at(
                table, "incomplete operation; set field, and the values of at least one operation");
        }
        by_field.field = *field;
        for (const auto& choice : by_field.choices) {
            if (auto checked = check_comparable(file_, table, fields_.path(*field), choice.value);
                !checked) {
                return checked;
            }
        }
        return {};
    }

    static bool is_chosen(const OperationByField& by_field, const Constant& value) {
        return std::any_of(by_field.choices.begin(), by_field.choices.end(),
                           [&](const auto& choice) { return choice.value == value; });
    }

    Result<void> document(const toml::node& node) {
        std::optional<FieldId> field;
        if (auto taken = to_field(field, file_, fields_)("document", node); !taken) return taken;
        const FieldRoot root = fields_.path(*field).root;
        if (root != FieldRoot::value) {
            return file_.error_at(node, "document must name a part of the value");
        }
        if (!fields_.path(*field).members.empty()) rule_.document = field;
        return {};
    }

    Result<void> ttl(const toml::node& node) {
        if (const toml::table* table = node.as_table()) {
            std::optional<FieldId> field;
            if (auto read = file_.read(*table, "a time to live",
                                       {{"field", to_field(field, file_, fields_)}});
                !read) {
                return read;
            }
            if (!field) return file_.error_at(node, "ttl without a field; set field");
            rule_.ttl = *field;
            return {};
        }
        std::string text;
        if (auto taken = file_.to(text)("ttl", node); !taken) return taken;
        const auto time = tools::read_duration(text, Errc::bad_configuration);
        if (!time) return file_.error_at(node, "ttl: " + time.error().detail);
        rule_.ttl = *time;
        return {};
    }

    [[nodiscard]] bool only(Operation operation) const noexcept {
        const auto* fixed = std::get_if<Operation>(&rule_.operation);
        return fixed != nullptr && *fixed == operation;
    }

    /// Refuses keys that have no meaning for the operation.
    [[nodiscard]] Result<void> check_use(const toml::table& table) const {
        const auto check = [&](std::initializer_list<const char*> keys,
                               const char* why) -> Result<void> {
            for (const char* key : keys) {
                if (const toml::node* node = table.get(key)) {
                    return file_.error_at(*node, std::string(key) + " has no effect: " + why);
                }
            }
            return {};
        };
        if (only(Operation::json_patch)) {
            return check({"include", "exclude", "rename", "convert", "set"},
                         "a JSON Patch is applied unchanged");
        }
        if (!only(Operation::remove)) return {};
        return check({"document", "include", "exclude", "rename", "convert", "set", "ttl"},
                     "the rule only deletes records");
    }

    const TomlFile& file_;
    FieldTable& fields_;
    Rule rule_;
};

}  // namespace

Result<Rule> Rule::read(const TomlFile& file, const toml::table& table, FieldTable& fields) {
    return RuleReader(file, fields).read(table);
}

}  // namespace ringside::kafka
