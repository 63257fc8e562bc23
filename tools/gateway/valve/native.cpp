#include "tools/gateway/valve/native.hpp"

#include <algorithm>
#include <array>

#include "shm/base/utf8.hpp"
#include "shm/document/value.hpp"

namespace ringside::gateway::valve {

namespace {

constexpr std::array comparisons = {std::string_view("==="), std::string_view("!=="),
                                    std::string_view("=="),  std::string_view("!="),
                                    std::string_view("<"),   std::string_view(">"),
                                    std::string_view("<="),  std::string_view(">=")};

/// A JavaScript value.
struct Plain {
    enum class Type : std::uint8_t { undefined, null, boolean, number, string, container, user };
    Type type = Type::undefined;
    double number = 0;  ///< for a boolean, 0 or 1
    std::string_view text{};
    Value container{};
};

using Type = Plain::Type;
using Maybe = std::optional<Plain>;

Plain boolean(bool value) { return {.type = Type::boolean, .number = value ? 1.0 : 0.0}; }
Plain string(std::string_view text) { return {.type = Type::string, .text = text}; }

Plain plain_of(const Value& value) {
    if (!value.exists()) return {};
    switch (value.type()) {
        case ValueType::null: return {.type = Type::null};
        case ValueType::boolean: return boolean(value.as_bool().value_or(false));
        case ValueType::string: return string(value.as_string().value_or(""));
        case ValueType::array:
        case ValueType::object: return {.type = Type::container, .container = value};
        default: return {.type = Type::number, .number = value.as_double().value_or(0)};
    }
}

bool is_true(const Plain& value) noexcept {
    switch (value.type) {
        case Type::undefined:
        case Type::null: return false;
        case Type::boolean:
        case Type::number: return value.number < 0 || value.number > 0;  // false for NaN
        case Type::string: return !value.text.empty();
        default: return true;
    }
}

bool is_object(const Plain& value) noexcept {
    return value.type == Type::container || value.type == Type::user;
}
bool is_nothing(const Plain& value) noexcept {
    return value.type == Type::undefined || value.type == Type::null;
}

/// `===`
std::optional<bool> is_same(const Plain& left, const Plain& right) {
    if (is_object(left) && is_object(right)) return std::nullopt;  // identity of objects is unknown
    if (left.type != right.type) return false;
    switch (left.type) {
        case Type::boolean:
        case Type::number: return left.number == right.number;
        case Type::string: return left.text == right.text;
        default: return true;
    }
}

/// `==`
std::optional<bool> is_alike(const Plain& left, const Plain& right) {
    if (is_nothing(left) || is_nothing(right)) return is_nothing(left) && is_nothing(right);
    if (left.type != right.type) return std::nullopt;
    return is_same(left, right);
}

std::optional<bool> compare(std::string_view sign, const Plain& left, const Plain& right) {
    const auto ordered = [&](const auto& a, const auto& b) {
        if (sign == "<") return a < b;
        if (sign == ">") return a > b;
        return sign == "<=" ? a <= b : a >= b;
    };
    if (left.type != right.type) return std::nullopt;
    if (left.type == Type::number) return ordered(left.number, right.number);
    // JavaScript compares UTF-16 units.
    const bool is_plain = left.type == Type::string && is_ascii(left.text) && is_ascii(right.text);
    if (!is_plain) return std::nullopt;
    return ordered(left.text, right.text);
}

class Evaluation {
public:
    Evaluation(const Scope& scope, Facts& facts) noexcept : scope_(scope), facts_(facts) {}

    Maybe of(const Node& node) {
        switch (node.kind) {
            case Node::Kind::undefined: return Plain();
            case Node::Kind::null: return Plain{.type = Type::null};
            case Node::Kind::boolean: return boolean(node.number != 0);
            case Node::Kind::number: return Plain{.type = Type::number, .number = node.number};
            case Node::Kind::string: return string(node.text);
            case Node::Kind::variable: return variable(node.text);
            case Node::Kind::member: return member(node);
            case Node::Kind::unary: {
                const auto operand = of(node.operands[0]);
                if (!operand) return operand;
                return boolean(!is_true(*operand));
            }
            case Node::Kind::conditional: {
                const auto condition = of(node.operands[0]);
                if (!condition) return condition;
                return of(node.operands[is_true(*condition) ? 1 : 2]);
            }
            case Node::Kind::binary: return binary(node);
            default: return std::nullopt;
        }
    }

private:
    Maybe variable(const std::string& name) {
        if (name == "user") return Plain{.type = Type::user};
        if (name == "now") return Plain{.type = Type::number, .number = facts_.now_ms};
        if (name == "action") return string(facts_.action);
        if (name == "name") return facts_.name ? string(*facts_.name) : Plain();
        if (name == "data") return document(facts_.data, Type::undefined);
        if (name == "oldData") return document(facts_.old_data, Type::null);
        const auto& own = scope_.path_variables;
        // Of two members with the same name, the later one counts.
        const auto beyond =
            static_cast<std::size_t>(own.rend() - std::find(own.rbegin(), own.rend(), name));
        return beyond > 0 && beyond <= facts_.path_variables.size()
                   ? string(facts_.path_variables[beyond - 1])
                   : Plain();
    }

    static Maybe document(LazyDocument& lazy, Type otherwise) {
        if (!lazy.json()) return Plain{.type = otherwise};
        const auto& parsed = lazy.document();
        if (!parsed) return std::nullopt;
        return plain_of(Value::of(*parsed));
    }

    Maybe member(const Node& node) {
        const auto object = of(node.operands[0]);
        if (!object) return object;
        if (object->type == Type::user) return of_user(node.text);
        // Reading a member of null or undefined throws, and other values inherit members.
        if (object->type != Type::container || !object->container.is_object()) return std::nullopt;
        const Value found = object->container[node.text];
        const bool is_inherited = node.text == "toString" || node.text == "valueOf";
        if (!found.exists() && is_inherited) return std::nullopt;
        return plain_of(found);
    }

    Maybe of_user(const std::string& name) {
        if (name == "id") return string(facts_.user.id);
        if (name == "isAuthenticated") return boolean(facts_.user.is_authenticated);
        if (name != "data") return std::nullopt;
        if (facts_.user.data.empty()) return Plain{.type = Type::null};
        if (!facts_.user.document) return std::nullopt;
        return plain_of(Value::of(*facts_.user.document));
    }

    Maybe binary(const Node& node) {
        const std::string& sign = node.text;
        const auto left = of(node.operands[0]);
        if (!left) return left;
        if (sign == "&&" || sign == "||") {
            return is_true(*left) == (sign == "||") ? left : of(node.operands[1]);
        }
        const auto right = of(node.operands[1]);
        if (!right) return right;
        const bool is_strict = sign.size() == 3;
        if (sign == "===" || sign == "==" || sign == "!==" || sign == "!=") {
            const auto same = is_strict ? is_same(*left, *right) : is_alike(*left, *right);
            if (!same) return std::nullopt;
            return boolean(*same == (sign.front() == '='));
        }
        const auto result = compare(sign, *left, *right);
        if (!result) return std::nullopt;
        return boolean(*result);
    }

    const Scope& scope_;
    Facts& facts_;
};

}  // namespace

bool is_simple(const Node& node) noexcept {
    const auto has_simple_operands = [&] {
        return std::all_of(node.operands.begin(), node.operands.end(), is_simple);
    };
    switch (node.kind) {
        case Node::Kind::undefined:
        case Node::Kind::null:
        case Node::Kind::boolean:
        case Node::Kind::number:
        case Node::Kind::string:
        case Node::Kind::variable: return true;
        case Node::Kind::member:
        case Node::Kind::conditional: return has_simple_operands();
        case Node::Kind::unary: return node.text == "!" && has_simple_operands();
        case Node::Kind::binary:
            return (node.text == "&&" || node.text == "||" ||
                    std::find(comparisons.begin(), comparisons.end(), node.text) !=
                        comparisons.end()) &&
                   has_simple_operands();
        default: return false;
    }
}

std::optional<bool> evaluate_simple(const Expression& expression, const Scope& scope,
                                    Facts& facts) {
    const auto value = Evaluation(scope, facts).of(expression.root);
    if (!value) return std::nullopt;
    return is_true(*value);
}

}  // namespace ringside::gateway::valve
