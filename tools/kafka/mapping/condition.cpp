#include "tools/kafka/mapping/condition.hpp"

#include <re2/re2.h>
#include <toml++/toml.h>

#include <algorithm>

#include "tools/kafka/mapping/mapping_limits.hpp"
#include "tools/kafka/mapping/toml_values.hpp"

namespace ringside::kafka {

namespace {

using tools::TomlFile;

bool is_number(const Constant& constant) noexcept {
    return std::holds_alternative<std::int64_t>(constant) ||
           std::holds_alternative<double>(constant);
}

TomlFile::Take to(std::optional<Constant>& constant, const TomlFile& file, bool must_be_number) {
    return [&, must_be_number](std::string_view key, const toml::node& node) -> Result<void> {
        auto read = read_constant(file, key, node);
        if (!read) return read.error();
        if (must_be_number && !is_number(*read)) {
            return file.error_at(node, std::string(key) + " must be a number");
        }
        constant = std::move(*read);
        return {};
    };
}

TomlFile::Take to(std::shared_ptr<const re2::RE2>& expression, const TomlFile& file) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::string text;
        if (auto taken = file.to(text)(key, node); !taken) return taken;
        if (text.size() > mapping_limits::expression_bytes_max) {
            return file.error_at(node, std::string(key) + " must have at most " +
                                           std::to_string(mapping_limits::expression_bytes_max) +
                                           " bytes");
        }
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(mapping_limits::expression_memory_bytes);
        auto compiled = std::make_shared<RE2>(text, options);
        if (!compiled->ok()) {
            return file.error_at(node, std::string(key) + " is not a valid regular expression: " +
                                           compiled->error());
        }
        expression = std::move(compiled);
        return {};
    };
}

}  // namespace

bool Condition::holds(const FieldValue& value) const {
    if (exists && *exists != is_there(value)) return false;
    if (equal && !equals(value, *equal)) return false;
    if (not_equal && equals(value, *not_equal)) return false;
    if (!in.empty() && std::none_of(in.begin(), in.end(), [&](const Constant& constant) {
            return equals(value, constant);
        })) {
        return false;
    }
    // A missing value is neither greater nor less.
    if (greater && !std::is_gt(compare_numbers(value, *greater))) return false;
    if (less && !std::is_lt(compare_numbers(value, *less))) return false;
    if (matches == nullptr) return true;
    const auto* text = std::get_if<std::string_view>(&value);
    return text != nullptr &&
           RE2::FullMatch(re2::StringPiece(text->data(), text->size()), *matches);
}

Result<void> check_comparable(const TomlFile& file, const toml::node& node, const FieldPath& path,
                              const Constant& constant) {
    const bool is_text = std::holds_alternative<std::string>(constant);
    if (path.is_text() && !is_text) {
        return file.error_at(
            node, "'" + path.text + "' is a string; quote the value it is compared with");
    }
    if (path.is_integer() && !is_number(constant)) {
        return file.error_at(node, "'" + path.text + "' is an integer; compare it with an integer");
    }
    return {};
}

Result<Condition> read_condition(const TomlFile& file, const toml::table& table,
                                 FieldTable& fields) {
    Condition condition;
    std::optional<FieldId> field;
    const auto to_list = [&](std::string_view key, const toml::node& node) -> Result<void> {
        auto constants = read_constants(file, key, node);
        if (!constants) return constants.error();
        condition.in = std::move(*constants);
        return {};
    };
    const auto to_exists = [&](std::string_view key, const toml::node& node) -> Result<void> {
        return file.to(condition.exists.emplace())(key, node);
    };
    if (auto read = file.read(table, "a condition",
                              {{"field", to_field(field, file, fields)},
                               {"equals", to(condition.equal, file, false)},
                               {"not_equals", to(condition.not_equal, file, false)},
                               {"in", to_list},
                               {"exists", to_exists},
                               {"matches", to(condition.matches, file)},
                               {"greater", to(condition.greater, file, true)},
                               {"less", to(condition.less, file, true)}});
        !read) {
        return read.error();
    }
    if (!field) return file.error_at(table, "condition without a field; set field");
    if (table.size() == 1) {
        return file.error_at(table,
                             "condition without a test; set one of equals, not_equals, in, exists, "
                             "matches, greater, less");
    }
    condition.field = *field;
    const FieldPath& path = fields.path(*field);
    std::vector<const Constant*> constants;
    for (const auto* one :
         {&condition.equal, &condition.not_equal, &condition.greater, &condition.less}) {
        if (*one) constants.push_back(&**one);
    }
    for (const Constant& constant : condition.in) constants.push_back(&constant);
    for (const Constant* constant : constants) {
        if (auto checked = check_comparable(file, table, path, *constant); !checked) {
            return checked.error();
        }
    }
    if (condition.matches != nullptr && path.is_integer()) {
        return file.error_at(table, "'" + path.text + "' is an integer; matches needs a string");
    }
    return condition;
}

}  // namespace ringside::kafka
