#include "tools/gateway/valve/expression.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "tools/gateway/valve/lexer.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside::gateway::valve {

namespace {

constexpr std::array methods = {
    std::string_view("startsWith"),  std::string_view("endsWith"),    std::string_view("includes"),
    std::string_view("indexOf"),     std::string_view("match"),       std::string_view("trim"),
    std::string_view("toUpperCase"), std::string_view("toLowerCase"),
};
constexpr std::array variables = {std::string_view("user"), std::string_view("now"),
                                  std::string_view("action"), std::string_view("name")};

/// Operators of one precedence, padded with empty ones.
using Operators = std::array<std::string_view, 5>;
/// In order of increasing precedence.
constexpr std::array<Operators, 10> binary_operators = {{{"||"},
                                                         {"&&"},
                                                         {"|"},
                                                         {"^"},
                                                         {"&"},
                                                         {"===", "!==", "==", "!="},
                                                         {"<", ">", "<=", ">=", "in"},
                                                         {"<<", ">>", ">>>"},
                                                         {"+", "-"},
                                                         {"*", "/", "%"}}};
constexpr Operators unary_operators = {"!", "-", "+", "~", "typeof"};

/// A recursive-descent parser with a function for each kind of node.
class Parser {
public:
    Parser(std::string_view text, const Scope& scope) noexcept : lexer_(text), scope_(scope) {}

    Result<Expression> parse() {
        if (auto begun = advance(true); !begun) return begun.error();
        if (token_.kind == Token::Kind::end) return Lexer::error_at(0, "empty expression");
        auto root = conditional();
        if (!root) return root.error();
        while (token_.is(";")) {
            if (auto passed = advance(true); !passed) return passed.error();
        }
        if (token_.kind != Token::Kind::end) return unexpected();
        made_.root = *std::move(root);
        return std::move(made_);
    }

private:
    using Made = Result<Node>;

    Result<void> advance(bool takes_pattern) {
        auto token = lexer_.next(takes_pattern);
        if (!token) return token.error();
        token_ = *std::move(token);
        return {};
    }
    Result<void> expect(std::string_view sign, bool takes_pattern) {
        if (!token_.is(sign)) {
            return Lexer::error_at(token_.at, "'" + std::string(sign) + "' is missing");
        }
        return advance(takes_pattern);
    }
    [[nodiscard]] Error unexpected() const {
        if (token_.kind == Token::Kind::end) {
            return Lexer::error_at(token_.at, "unexpected end of the expression");
        }
        return Lexer::error_at(token_.at, "'" + token_.text + "' is unexpected");
    }
    /// Returns the next operator if it is one of these.
    [[nodiscard]] std::string operator_of(const Operators& operators) const {
        const bool can_be = token_.kind == Token::Kind::sign || token_.kind == Token::Kind::name;
        if (!can_be) return {};
        const auto* const found = std::find(operators.begin(), operators.end(), token_.text);
        return std::string(found == operators.end() ? std::string_view() : *found);
    }
    [[nodiscard]] Made finish(Node node, std::size_t at) const {
        for (const Node& operand : node.operands) {
            node.depth = std::max(node.depth, operand.depth + 1);
        }
        if (node.depth > valve_limits::expression_depth_max) return too_deep(at);
        return node;
    }
    static Error too_deep(std::size_t at) {
        return Lexer::error_at(at, "more than " +
                                       std::to_string(valve_limits::expression_depth_max) +
                                       " levels of operators");
    }

    Made conditional() {
        const std::size_t at = token_.at;
        // Nested constructs such as parentheses pass through here, so this bounds the stack.
        if (++nested_ > valve_limits::expression_depth_max) return too_deep(at);
        auto condition = binary(0);
        --nested_;
        if (!condition || !token_.is("?")) return condition;
        if (auto passed = advance(true); !passed) return passed.error();
        auto then = conditional_within();
        if (!then) return then;
        if (auto passed = expect(":", true); !passed) return passed.error();
        auto otherwise = conditional_within();
        if (!otherwise) return otherwise;
        Node node{.kind = Node::Kind::conditional};
        node.operands.push_back(*std::move(condition));
        node.operands.push_back(*std::move(then));
        node.operands.push_back(*std::move(otherwise));
        return finish(std::move(node), at);
    }
    Made conditional_within() {
        ++nested_;
        auto made = conditional();
        --nested_;
        return made;
    }

    Made binary(std::size_t level) {
        if (level == binary_operators.size()) return unary();
        auto left = binary(level + 1);
        if (!left) return left;
        for (;;) {
            const std::size_t at = token_.at;
            std::string sign = operator_of(binary_operators[level]);
            if (sign.empty()) return left;
            if (auto passed = advance(true); !passed) return passed.error();
            auto right = binary(level + 1);
            if (!right) return right;
            Node node{.kind = Node::Kind::binary, .text = std::move(sign)};
            node.operands.push_back(*std::move(left));
            node.operands.push_back(*std::move(right));
            left = finish(std::move(node), at);
            if (!left) return left;
        }
    }

    Made unary() {
        const std::size_t at = token_.at;
        std::string sign = operator_of(unary_operators);
        if (sign.empty()) return postfix();
        if (++nested_ > valve_limits::expression_depth_max) return too_deep(at);
        if (auto passed = advance(true); !passed) return passed.error();
        auto operand = unary();
        --nested_;
        if (!operand) return operand;
        Node node{.kind = Node::Kind::unary, .text = std::move(sign)};
        node.operands.push_back(*std::move(operand));
        return finish(std::move(node), at);
    }

    Made postfix() {
        auto made = primary();
        while (made && (token_.is(".") || token_.is("[") || token_.is("("))) {
            if (token_.is("(")) return Lexer::error_at(token_.at, "expression cannot be called");
            made = token_.is(".") ? member(*std::move(made)) : element(*std::move(made));
        }
        return made;
    }

    Made member(Node object) {
        if (auto passed = advance(false); !passed) return passed.error();
        if (token_.kind != Token::Kind::name) return unexpected();
        Node node{.kind = Node::Kind::member, .text = token_.text};
        const std::size_t at = token_.at;
        if (auto passed = advance(false); !passed) return passed.error();
        if (token_.is("(")) return call(std::move(object), node.text, at);
        node.operands.push_back(std::move(object));
        return finish(std::move(node), at);
    }

    Made element(Node object) {
        const std::size_t at = token_.at;
        if (auto passed = advance(true); !passed) return passed.error();
        auto key = conditional_within();
        if (!key) return key;
        if (auto passed = expect("]", false); !passed) return passed.error();
        Node node{.kind = Node::Kind::element};
        node.operands.push_back(std::move(object));
        node.operands.push_back(*std::move(key));
        return finish(std::move(node), at);
    }

    Made call(Node object, const std::string& method, std::size_t at) {
        if (!is_method(method)) {
            return Lexer::error_at(at, "'" + method + "' cannot be called");
        }
        if (auto passed = advance(true); !passed) return passed.error();
        if (method == "match" && token_.kind == Token::Kind::pattern) {
            return literal_match(std::move(object), at);
        }
        Node node{.kind = Node::Kind::method, .text = method};
        node.operands.push_back(std::move(object));
        if (auto read = list_until(")", node.operands); !read) return read.error();
        return finish(std::move(node), at);
    }

    Made literal_match(Node object, std::size_t at) {
        auto pattern = MatchPattern::make(token_.text, token_.flags);
        if (!pattern) return Lexer::error_at(token_.at, pattern.error().detail);
        Node node{.kind = Node::Kind::match, .number = static_cast<double>(made_.patterns.size())};
        made_.patterns.push_back(*std::move(pattern));
        if (auto passed = advance(false); !passed) return passed.error();
        if (auto passed = expect(")", false); !passed) return passed.error();
        node.operands.push_back(std::move(object));
        return finish(std::move(node), at);
    }

    /// Parses expressions separated by commas, up to the token that ends them.
    Result<void> list_until(std::string_view end, std::vector<Node>& into) {
        while (!token_.is(end)) {
            auto item = conditional_within();
            if (!item) return item.error();
            into.push_back(*std::move(item));
            if (token_.is(end)) break;
            if (auto passed = expect(",", true); !passed) return passed;
        }
        return advance(false);
    }

    Made primary() {
        const Token token = token_;
        switch (token.kind) {
            case Token::Kind::name: return name();
            case Token::Kind::number:
            case Token::Kind::string: {
                if (auto passed = advance(false); !passed) return passed.error();
                if (token.kind == Token::Kind::string) {
                    return Node{.kind = Node::Kind::string, .text = token.text};
                }
                return Node{.kind = Node::Kind::number, .number = token.number};
            }
            case Token::Kind::pattern:
                return Lexer::error_at(token.at, "a pattern is allowed in match(…) only");
            default: break;
        }
        if (token.is("(")) {
            if (auto passed = advance(true); !passed) return passed.error();
            auto inner = conditional();
            if (!inner) return inner;
            if (auto passed = expect(")", false); !passed) return passed.error();
            return inner;
        }
        if (!token.is("[")) return unexpected();
        if (auto passed = advance(true); !passed) return passed.error();
        Node node{.kind = Node::Kind::array};
        if (auto read = list_until("]", node.operands); !read) return read.error();
        return finish(std::move(node), token.at);
    }

    Made name() {
        const Token token = token_;
        if (auto passed = advance(false); !passed) return passed.error();
        const std::string& text = token.text;
        if (text == "_") return cross_reference(token.at);
        if (text == "true" || text == "false") {
            return Node{.kind = Node::Kind::boolean, .number = text == "true" ? 1.0 : 0.0};
        }
        if (text == "null") return Node{.kind = Node::Kind::null};
        if (text == "undefined") return Node{.kind = Node::Kind::undefined};
        if (text == "NaN" || text == "Infinity") {
            using Limits = std::numeric_limits<double>;
            return Node{.kind = Node::Kind::number,
                        .number = text == "NaN" ? Limits::quiet_NaN() : Limits::infinity()};
        }
        if (auto checked = check_variable(token); !checked) return checked.error();
        return Node{.kind = Node::Kind::variable, .text = text};
    }

    Result<void> check_variable(const Token& token) {
        const std::string& text = token.text;
        if (token_.is("(")) return Lexer::error_at(token.at, "'" + text + "' cannot be called");
        if (text == "data" || text == "oldData") {
            const bool is_new = text == "data";
            if (!(is_new ? scope_.has_data : scope_.has_old_data)) {
                return Lexer::error_at(token.at, "'" + text + "' is not available in this rule");
            }
            (is_new ? made_.uses_data : made_.uses_old_data) = true;
            return {};
        }
        const auto& own = scope_.path_variables;
        if (std::find(variables.begin(), variables.end(), text) != variables.end() ||
            std::find(own.begin(), own.end(), text) != own.end()) {
            return {};
        }
        return Lexer::error_at(token.at, "'" + text + "' is unknown");
    }

    Made cross_reference(std::size_t at) {
        if (++references_ > valve_limits::cross_references_max) {
            return Lexer::error_at(at, "more than " +
                                           std::to_string(valve_limits::cross_references_max) +
                                           " cross references");
        }
        if (++nested_references_ > valve_limits::cross_reference_depth_max) {
            return Lexer::error_at(at, "more than " +
                                           std::to_string(valve_limits::cross_reference_depth_max) +
                                           " nested cross references");
        }
        if (auto passed = expect("(", true); !passed) return passed.error();
        auto record = conditional_within();
        if (!record) return record;
        if (auto passed = expect(")", false); !passed) return passed.error();
        --nested_references_;
        made_.uses_records = true;
        Node node{.kind = Node::Kind::cross_reference};
        node.operands.push_back(*std::move(record));
        return finish(std::move(node), at);
    }

    Lexer lexer_;
    const Scope& scope_;
    Token token_;
    Expression made_;
    std::size_t nested_ = 0;
    std::size_t references_ = 0;
    std::size_t nested_references_ = 0;
};

}  // namespace

bool is_method(std::string_view name) noexcept {
    return std::find(methods.begin(), methods.end(), name) != methods.end();
}

Result<Expression> parse_expression(std::string_view text, const Scope& scope) {
    if (text.size() > valve_limits::expression_bytes_max) {
        return Error(
            Errc::bad_configuration,
            "expression exceeds " + std::to_string(valve_limits::expression_bytes_max) + " bytes");
    }
    return Parser(text, scope).parse();
}

}  // namespace ringside::gateway::valve
