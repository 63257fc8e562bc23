#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/valve/match_pattern.hpp"

namespace ringside::gateway::valve {

/// A node of an expression, with its operands.
struct Node {
    enum class Kind : std::uint8_t {
        undefined,
        null,
        boolean,          ///< `number`: 0 or 1
        number,           ///< `number`
        string,           ///< `text`, UTF-8
        array,            ///< operands: the elements
        variable,         ///< `text`: its name
        member,           ///< `text`: its name; operand: the object
        element,          ///< operands: the object, and the key
        method,           ///< `text`: its name; operands: the object, then the arguments
        match,            ///< operand: the text; `number`: number of the pattern
        cross_reference,  ///< operand: name of the record
        unary,            ///< `text`: the operator
        binary,           ///< `text`: the operator
        conditional,      ///< a ? b : c
    };

    Kind kind = Kind::undefined;
    std::string text{};
    double number = 0;
    std::vector<Node> operands{};
    std::size_t depth = 1;  ///< levels of nodes, including this one
};

/// The variables of an expression in addition to those that always exist.
struct Scope {
    bool has_data = false;
    bool has_old_data = false;
    std::vector<std::string> path_variables{};  ///< including the '$'
};

/// An expression that was checked to be harmless.
struct Expression {
    Node root{};
    bool uses_data = false;
    bool uses_old_data = false;
    bool uses_records = false;  ///< `_(…)`
    std::vector<MatchPattern> patterns{};

    /// Returns whether the expression is constant: `true` or `false`.
    [[nodiscard]] bool is_constant() const noexcept { return root.kind == Node::Kind::boolean; }
};

/// Parses a JavaScript expression of deepstream's rules: literals, variables, members, operators
/// without assignment, the methods that rules may call, and `_(…)`. The syntax has no way to change
/// a variable, to loop, to define a function or to call another one, so an evaluation takes as many
/// steps as there are nodes.
/// Error: bad_configuration; the detail names the fault and its place in the text.
[[nodiscard]] Result<Expression> parse_expression(std::string_view text, const Scope& scope);

/// Returns whether a rule may call the method.
[[nodiscard]] bool is_method(std::string_view name) noexcept;

}  // namespace ringside::gateway::valve
