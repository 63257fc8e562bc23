#include "filter_program.hpp"

#include <algorithm>

#include "predicate_node.hpp"

namespace ringside::query {

using Node = Predicate::Node;

FilterProgram::FilterProgram(const Node& node) : begin_(compile(node, accept, reject)) {}

/// Returns the first test of `node`. Tests are added from last to first, because each test refers
/// to its successors.
std::int32_t FilterProgram::compile(const Node& node, std::int32_t if_true, std::int32_t if_false) {
    switch (node.kind) {
        case Node::Kind::negation: return compile(*node.parts.front(), if_false, if_true);
        case Node::Kind::all:
        case Node::Kind::any: return compile_parts(node, if_true, if_false);
        default: return add_test(node, if_true, if_false);
    }
}

std::int32_t FilterProgram::compile_parts(const Node& node, std::int32_t if_true,
                                          std::int32_t if_false) {
    const bool is_all = node.kind == Node::Kind::all;
    std::int32_t next = is_all ? if_true : if_false;
    for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) {
        next = is_all ? compile(**part, next, if_false) : compile(**part, if_true, next);
    }
    return next;
}

std::int32_t FilterProgram::add_test(const Node& node, std::int32_t if_true,
                                     std::int32_t if_false) {
    Test test{.kind = Kind::comparison,
              .comparison = node.comparison,
              .if_true = if_true,
              .if_false = if_false,
              .integer = 0,
              .text = {},
              .reader = FieldReader(*node.field),
              .constants = node.constants};
    switch (node.kind) {
        case Node::Kind::any_of: test.kind = Kind::any_of; break;
        case Node::Kind::starts_with: test.kind = Kind::starts_with; break;
        case Node::Kind::is_null: test.kind = Kind::is_null; break;
        case Node::Kind::exists: test.kind = Kind::exists; break;
        default: break;
    }
    if (test.kind == Kind::comparison && test.reader.is_of_document()) {
        const Scalar constant = node.constants.front().view();
        if (constant.is_string() && node.comparison == Comparison::equal) {
            test.kind = Kind::equal_text;
            test.text = *constant.as_string();
        } else if (const auto integer = constant.as_int64()) {
            test.kind = Kind::integer;
            test.integer = *integer;
        }
    }
    tests_.push_back(std::move(test));
    return static_cast<std::int32_t>(tests_.size()) - 1;
}

bool FilterProgram::matches(const Candidate& candidate) const noexcept {
    std::int32_t at = begin_;
    while (at >= 0) {
        const Test& test = tests_[static_cast<std::size_t>(at)];
        at = holds(test, candidate) ? test.if_true : test.if_false;
    }
    return at == accept;
}

namespace {

/// Without a branch on the outcome, which is hard to predict.
template <class Passes>
std::size_t move_to_front(std::span<Candidate> candidates, const Passes& passes) noexcept {
    std::size_t kept = 0;
    for (const Candidate& candidate : candidates) {
        const bool is_kept = passes(candidate);
        candidates[kept] = candidate;
        kept += is_kept ? 1 : 0;
    }
    return kept;
}

}  // namespace

std::size_t FilterProgram::keep(std::span<Candidate> candidates) const noexcept {
    if (tests_.empty()) return begin_ == accept ? candidates.size() : 0;
    const Test& test = tests_.front();
    const bool is_one_test = tests_.size() == 1 && test.if_true == accept;
    if (is_one_test && test.kind == Kind::equal_text) {
        return move_to_front(candidates, [&](const Candidate& candidate) {
            return holds_of_text(test, test.reader.value(candidate.root));
        });
    }
    if (is_one_test && test.kind == Kind::integer) {
        return move_to_front(candidates, [&](const Candidate& candidate) {
            return holds_of_integer(test, test.reader.value(candidate.root));
        });
    }
    return move_to_front(candidates,
                         [this](const Candidate& candidate) { return matches(candidate); });
}

[[gnu::always_inline]] inline bool FilterProgram::holds(const Test& test,
                                                        const Candidate& candidate) noexcept {
    switch (test.kind) {
        case Kind::equal_text: return holds_of_text(test, test.reader.value(candidate.root));
        case Kind::integer: return holds_of_integer(test, test.reader.value(candidate.root));
        default: return holds_generally(test, candidate);
    }
}

[[gnu::always_inline]] inline bool FilterProgram::holds_of_text(const Test& test,
                                                                const Value& value) noexcept {
    const auto text = value.as_string();
    return text && detail::is_equal_text(*text, test.text);
}

[[gnu::always_inline]] inline bool FilterProgram::holds_of_integer(const Test& test,
                                                                   const Value& value) noexcept {
    const auto integer = value.as_int64();
    if (!integer)
        return ringside::holds(Scalar::of(value), test.comparison, Scalar::integer(test.integer));
    switch (test.comparison) {
        case Comparison::equal: return *integer == test.integer;
        case Comparison::not_equal: return *integer != test.integer;
        case Comparison::less: return *integer < test.integer;
        case Comparison::less_or_equal: return *integer <= test.integer;
        case Comparison::greater: return *integer > test.integer;
        case Comparison::greater_or_equal: return *integer >= test.integer;
    }
    return false;
}

bool FilterProgram::holds_generally(const Test& test, const Candidate& candidate) noexcept {
    if (test.kind == Kind::exists && test.reader.is_of_document())
        return test.reader.value(candidate.root).exists();
    const Scalar value = test.reader(*candidate.record);
    switch (test.kind) {
        case Kind::any_of:
            return std::ranges::binary_search(test.constants, value, std::less<>(),
                                              &OwnedScalar::view);
        case Kind::starts_with: {
            const auto text = value.as_string();
            return text && text->starts_with(*test.constants.front().as_string());
        }
        case Kind::is_null: return value.is_null();
        case Kind::exists: return !value.is_null();
        default: return ringside::holds(value, test.comparison, test.constants.front().view());
    }
}

}  // namespace ringside::query
