#include <algorithm>

#include "predicate_node.hpp"
#include "shm/base/limits.hpp"

namespace ringside {

namespace {

using Node = Predicate::Node;
using NodePointer = std::shared_ptr<const Node>;

NodePointer leaf(Node::Kind kind, Field field, std::vector<OwnedScalar> constants = {},
                 Comparison comparison = Comparison::equal) {
    Node node{.kind = kind, .comparison = comparison, .constants = std::move(constants)};
    node.error = field.error();
    node.field = std::move(field);
    return std::make_shared<const Node>(std::move(node));
}

/// Adds a part, or the parts of a part of the same kind, so that a long chain remains flat.
void add_part(Node& node, const NodePointer& part) {
    const bool is_same_kind = part->kind == node.kind && node.kind != Node::Kind::negation;
    if (is_same_kind) node.parts.insert(node.parts.end(), part->parts.begin(), part->parts.end());
    else node.parts.push_back(part);
    node.conditions += part->conditions;
    node.depth = std::max(node.depth, is_same_kind ? part->depth : part->depth + 1);
    if (!node.error) node.error = part->error;
}

NodePointer combination(Node::Kind kind, std::initializer_list<NodePointer> parts) {
    Node node{.kind = kind};
    node.conditions = 0;
    for (const NodePointer& part : parts) add_part(node, part);
    if (node.conditions > limits::query_conditions_max ||
        node.depth > limits::query_conditions_depth_max) {
        // Drops its parts: a refused predicate must not grow further.
        node.parts.clear();
        node.depth = 1;
        node.conditions = 1;
        node.error = Error(Errc::query_too_large,
                           "more than " + std::to_string(limits::query_conditions_max) +
                               " conditions, or nests them more than " +
                               std::to_string(limits::query_conditions_depth_max) + " deep");
    }
    return std::make_shared<const Node>(std::move(node));
}

}  // namespace

Predicate Predicate::compare(Field field, Comparison comparison, OwnedScalar constant) {
    return Predicate(
        leaf(Node::Kind::comparison, std::move(field), {std::move(constant)}, comparison));
}

Predicate Predicate::any_of(Field field, std::vector<OwnedScalar> constants) {
    std::erase_if(constants, [](const OwnedScalar& constant) {
        return !constant.view().is_comparable_with(constant.view());
    });
    std::sort(constants.begin(), constants.end());
    constants.erase(std::unique(constants.begin(), constants.end()), constants.end());
    return Predicate(leaf(Node::Kind::any_of, std::move(field), std::move(constants)));
}

Predicate is_null(Field field) { return Predicate(leaf(Node::Kind::is_null, std::move(field))); }
Predicate exists(Field field) { return Predicate(leaf(Node::Kind::exists, std::move(field))); }

Predicate starts_with(Field field, std::string_view prefix) {
    return Predicate(
        leaf(Node::Kind::starts_with, std::move(field), {OwnedScalar(Scalar::string(prefix))}));
}

Predicate operator&&(const Predicate& a, const Predicate& b) {
    if (a.root_ == nullptr) return b;
    if (b.root_ == nullptr) return a;
    return Predicate(combination(Node::Kind::all, {a.root_, b.root_}));
}

Predicate operator||(const Predicate& a, const Predicate& b) {
    if (a.root_ == nullptr || b.root_ == nullptr) return {};
    return Predicate(combination(Node::Kind::any, {a.root_, b.root_}));
}

Predicate operator!(const Predicate& a) {
    if (a.root_ == nullptr)
        return Predicate(std::make_shared<const Node>(Node{.kind = Node::Kind::any}));
    return Predicate(combination(Node::Kind::negation, {a.root_}));
}

std::optional<Error> Predicate::error() const {
    return root_ == nullptr ? std::nullopt : root_->error;
}

namespace {

/// Collects the constraints on one field, condition by condition.
class Narrowing {
public:
    void add(const Node& node) {
        if (node.kind == Node::Kind::any_of) return restrict_to(node.constants);
        if (node.kind != Node::Kind::comparison) return;
        const OwnedScalar& constant = node.constants.front();
        switch (node.comparison) {
            case Comparison::equal: return restrict_to({constant});
            case Comparison::not_equal: return;
            case Comparison::less: return lower_high(constant, false);
            case Comparison::less_or_equal: return lower_high(constant, true);
            case Comparison::greater: return raise_low(constant, false);
            case Comparison::greater_or_equal: return raise_low(constant, true);
        }
    }
    [[nodiscard]] std::optional<Constraint> result() const {
        const bool says_something = met_.any_of || met_.low || met_.high;
        return says_something ? std::optional(met_) : std::nullopt;
    }

private:
    void restrict_to(const std::vector<OwnedScalar>& constants) {
        if (!met_.any_of) {
            met_.any_of = constants;
            return;
        }
        std::erase_if(*met_.any_of, [&](const OwnedScalar& one) {
            return !std::binary_search(constants.begin(), constants.end(), one);
        });
    }
    void raise_low(const OwnedScalar& low, bool is_included) {
        if (met_.low && (*met_.low > low || (*met_.low == low && is_included))) return;
        met_.low = low;
        met_.includes_low = is_included;
    }
    void lower_high(const OwnedScalar& high, bool is_included) {
        if (met_.high && (*met_.high < high || (*met_.high == high && is_included))) return;
        met_.high = high;
        met_.includes_high = is_included;
    }

    Constraint met_;
};

}  // namespace

std::optional<Constraint> Predicate::constraint_on(const Field& field) const {
    if (root_ == nullptr) return std::nullopt;
    Narrowing narrowing;
    const auto add = [&](const Node& node) {
        if (node.field && node.field->is_same(field)) narrowing.add(node);
    };
    if (root_->kind != Node::Kind::all) add(*root_);
    else
        for (const NodePointer& part : root_->parts) add(*part);
    return narrowing.result();
}

}  // namespace ringside
