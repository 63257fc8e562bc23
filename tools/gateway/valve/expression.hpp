#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/valve/match_pattern.hpp"

namespace ringside::gateway::valve {

/// A piece of an expression, with its operands.
struct Node {
    enum class Kind : std::uint8_t {
        undefined,
        null,
        boolean,          ///< `number`: 0 or 1
        number,           ///< `number`
        string,           ///< `text`, UTF-8
        array,            ///< operands: the elements
        variable,         ///< `text`: its name
        member,           ///< `text`: its name; of the operand
        element,          ///< of the first operand, that which the second one names
        method,           ///< `text`: its name; operands: the object, and what it is given
        match,            ///< of the operand, with the pattern of the number `number`
        cross_reference,  ///< the record that the operand names
        unary,            ///< `text`: the operator
        binary,           ///< `text`: the operator
        conditional,      ///< a ? b : c
    };

    Kind kind = Kind::undefined;
    std::string text{};
    double number = 0;
    std::vector<Node> operands{};
    std::size_t depth = 1;  ///< levels of nodes, this one included
};

/// What there is to be used in an expression, beside what may always be.
struct Scope {
    bool has_data = false;
    bool has_old_data = false;
    std::vector<std::string> path_variables{};  ///< with their '$'
};

/// An expression that has been found to be harmless.
struct Expression {
    Node root{};
    bool uses_data = false;
    bool uses_old_data = false;
    bool uses_records = false;  ///< `_(…)`
    std::vector<MatchPattern> patterns{};

    /// Whether it is the same whatever it is asked of: `true` or `false`.
    [[nodiscard]] bool is_constant() const noexcept { return root.kind == Node::Kind::boolean; }
};

/// Reads an expression of JavaScript, as deepstream's rules have it: literals, variables, members,
/// operators without assignment, the methods that rules may call, and `_(…)`. There is no way to
/// write in it what changes a variable, repeats, defines a function or calls another one, so that
/// it ends after as many steps as it has nodes.
/// Error: bad_configuration; the detail says what is wrong and where in the text.
[[nodiscard]] Result<Expression> parse_expression(std::string_view text, const Scope& scope);

/// The methods that may be called.
[[nodiscard]] bool is_method(std::string_view name) noexcept;

}  // namespace ringside::gateway::valve
