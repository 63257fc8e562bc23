#include "filter.hpp"

#include <algorithm>

#include "predicate_node.hpp"

namespace ringside::query {

using Node = Predicate::Node;

Filter::Filter(const Predicate& predicate) {
    const Node* root = predicate.root();
    if (root == nullptr) return;
    if (root->kind != Node::Kind::all) conditions_.emplace_back(*root);
    else
        for (const auto& part : root->parts) conditions_.emplace_back(*part);
}

bool Filter::matches(const Candidate& candidate) const noexcept {
    return std::ranges::all_of(
        conditions_, [&](const FilterProgram& condition) { return condition.matches(candidate); });
}

std::size_t Filter::keep(std::span<Candidate> candidates) const noexcept {
    for (const FilterProgram& condition : conditions_)
        candidates = candidates.first(condition.keep(candidates));
    return candidates.size();
}

}  // namespace ringside::query
