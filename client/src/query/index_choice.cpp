#include "index_choice.hpp"

#include <algorithm>

#include "predicate_node.hpp"
#include "shm/index/name_index.hpp"
#include "shm/index/value_key.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::query {

using shm::ValueIndexReader;
using shm::ValueKey;
using shm::ValueRange;

namespace {

ValueKey key_of(const Scalar& scalar) noexcept {
    switch (scalar.type()) {
        case ScalarType::boolean: return ValueKey::of_bool(scalar.as_bool().value_or(false));
        case ScalarType::integer: return ValueKey::of_int64(scalar.as_int64().value_or(0));
        case ScalarType::unsigned_integer:
            return ValueKey::of_uint64(scalar.as_uint64().value_or(0));
        case ScalarType::real: return ValueKey::of_double(scalar.as_double().value_or(0));
        case ScalarType::string: return ValueKey::of_string(scalar.as_string().value_or(""));
        default: return ValueKey::of_null();
    }
}

/// Returns where the keys of a scalar's type begin and where they end, exclusively.
std::pair<std::string_view, std::string_view> keys_of_type(const Scalar& scalar) noexcept {
    if (scalar.is_number()) return {ValueKey::numbers_begin(), ValueKey::strings_begin()};
    if (scalar.is_string()) return {ValueKey::strings_begin(), ValueKey::containers_begin()};
    return {"", ""};
}

/// Comparisons never pass for null and containers.
bool can_be_met(const Scalar& constant) noexcept { return constant.is_comparable_with(constant); }

/// Returns none if the index cannot answer the constraint.
std::optional<std::vector<ValueRange>> ranges_of(const Constraint& constraint) {
    std::vector<ValueRange> ranges;
    if (constraint.any_of) {
        for (const OwnedScalar& one : *constraint.any_of) {
            if (!can_be_met(one.view())) continue;
            ranges.push_back(ValueRange::only(key_of(one.view()).bytes()));
        }
        // Truncated strings may share a range.
        std::sort(ranges.begin(), ranges.end(),
                  [](const auto& a, const auto& b) { return a.low < b.low; });
        const auto same = [](const auto& a, const auto& b) { return a.low == b.low; };
        ranges.erase(std::unique(ranges.begin(), ranges.end(), same), ranges.end());
        return ranges;
    }
    const Scalar bound = (constraint.low ? constraint.low : constraint.high)->view();
    if (!can_be_met(bound)) return ranges;
    if (bound.type() == ScalarType::boolean) return std::nullopt;
    const auto [begin, end] = keys_of_type(bound);
    ValueRange range{std::string(begin), std::string(end), true, false};
    if (constraint.low) {
        range.low = key_of(constraint.low->view()).bytes();
        range.has_low = constraint.includes_low || ValueKey::is_cut(range.low);
    }
    if (constraint.high) {
        // no value satisfies both bounds
        if (!constraint.high->view().is_comparable_with(bound)) return ranges;
        range.high = key_of(constraint.high->view()).bytes();
        range.has_high = constraint.includes_high || ValueKey::is_cut(*range.high);
    }
    ranges.push_back(std::move(range));
    return ranges;
}

bool is_any_cut(const std::vector<ValueRange>& ranges) noexcept {
    return std::any_of(ranges.begin(), ranges.end(), [](const ValueRange& range) {
        return ValueKey::is_cut(range.low) || (range.high && ValueKey::is_cut(*range.high));
    });
}

/// Returns whether a predicate only states that the field is one of some values.
bool is_choice(const Predicate::Node& node, const Field& field) noexcept {
    using Kind = Predicate::Node::Kind;
    const bool is_equal = node.kind == Kind::comparison && node.comparison == Comparison::equal;
    return (is_equal || node.kind == Kind::any_of) && node.field->is_same(field);
}

/// Returns whether a predicate only states a bound of the field with a value like `bound`.
bool is_bound(const Predicate::Node& node, const Field& field, const Scalar& bound) noexcept {
    return node.kind == Predicate::Node::Kind::comparison && node.comparison != Comparison::equal &&
           node.comparison != Comparison::not_equal && node.field->is_same(field) &&
           node.constants.front().view().is_comparable_with(bound);
}

/// Returns whether a predicate states no more than its constraint on the field.
bool is_whole(const Predicate::Node& root, const Field& field, const Constraint& constraint) {
    const auto holds_of_all = [&](const auto& one) {
        if (root.kind != Predicate::Node::Kind::all) return one(root);
        return std::all_of(root.parts.begin(), root.parts.end(),
                           [&](const auto& part) { return one(*part); });
    };
    if (constraint.any_of) {
        return holds_of_all([&](const auto& node) { return is_choice(node, field); });
    }
    const OwnedScalar& bound = *(constraint.low ? constraint.low : constraint.high);
    return holds_of_all([&](const auto& node) { return is_bound(node, field, bound.view()); });
}

/// Returns whether more than `count` names begin with a prefix. Cost: reads every 63rd of them.
bool has_more_names(const shm::SegmentView& segment, std::string_view prefix, std::uint64_t count) {
    shm::NameIndexCursor cursor(segment);
    cursor.seek(prefix);
    std::uint64_t met = 0;
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        const auto* last = shm::newest_of(segment, RecordId{ids.back()});
        if (last == nullptr || !last->name().starts_with(prefix)) return false;
        met += ids.size();
        if (met > count) return true;
    }
    return false;
}

/// The definition of an index of the segment.
struct Definition {
    Pattern names;
    Field field;
};

/// Returns none if there is no such index, or not for this snapshot.
std::optional<Definition> definition_of(const Snapshot::Impl& snapshot, std::uint32_t index) {
    const shm::SegmentView& segment = snapshot.segment();
    const auto record = ValueIndexReader(segment, index).definition(snapshot.revision);
    if (!record) return std::nullopt;
    const auto* defined =
        shm::visible_record(segment, shm::newest_of(segment, *record), snapshot.revision);
    if (defined == nullptr) return std::nullopt;
    const Value document = Value::of(defined->document(), &segment.pages());
    auto names = Pattern::parse(document["pattern"].as_string().value_or(""));
    if (!names) return std::nullopt;
    return Definition{std::move(*names), Field(document["pointer"].as_string().value_or(""))};
}

/// Returns what an index contributes to a query, or none.
std::optional<IndexChoice> consider(const Snapshot::Impl& snapshot, std::uint32_t index,
                                    const Pattern& pattern, const Predicate& predicate) {
    const auto definition = definition_of(snapshot, index);
    if (!definition || !definition->names.covers(pattern)) return std::nullopt;
    const auto constraint = predicate.constraint_on(definition->field);
    auto ranges = constraint ? ranges_of(*constraint) : std::nullopt;
    if (!ranges) return std::nullopt;
    IndexChoice choice{.index = index, .ranges = std::move(*ranges)};
    choice.has_other_names = definition->names.text() != pattern.text();
    choice.is_exact = !choice.has_other_names && !is_any_cut(choice.ranges) &&
                      is_whole(*predicate.root(), definition->field, *constraint);
    const ValueIndexReader reader(snapshot.segment(), index);
    for (const ValueRange& range : choice.ranges) {
        const auto count = reader.count(range, snapshot.revision);
        if (!count) return std::nullopt;
        choice.candidates += *count;
    }
    return choice;
}

}  // namespace

std::optional<std::vector<RecordId>> IndexChoice::records(const Snapshot::Impl& snapshot) const {
    const ValueIndexReader reader(snapshot.segment(), index);
    std::vector<RecordId> records;
    for (const ValueRange& range : ranges) {
        auto found = reader.find(range, snapshot.revision);
        if (!found) return std::nullopt;
        if (records.empty()) records = std::move(*found);
        else records.insert(records.end(), found->begin(), found->end());
    }
    return records;
}

bool has_index(const Snapshot::Impl& snapshot, const Pattern& pattern, const Field& field) {
    for (std::uint32_t index = 0; index < limits::indexes_max; ++index) {
        const auto definition = definition_of(snapshot, index);
        if (definition && definition->names.covers(pattern) && definition->field.is_same(field)) {
            return true;
        }
    }
    return false;
}

std::optional<IndexChoice> choose_index(const Snapshot::Impl& snapshot, const Pattern& pattern,
                                        const Predicate& predicate, CandidateCost cost) {
    if (predicate.root() == nullptr || pattern.is_literal()) return std::nullopt;
    std::optional<IndexChoice> best;
    for (std::uint32_t index = 0; index < limits::indexes_max; ++index) {
        auto choice = consider(snapshot, index, pattern, predicate);
        if (choice && (!best || choice->candidates < best->candidates)) best = std::move(choice);
    }
    if (!best) return best;
    const std::uint64_t worth = best->candidates * static_cast<std::uint64_t>(cost);
    // For an index over the same names, their number is known.
    best->is_cheaper = best->has_other_names
                           ? has_more_names(snapshot.segment(), pattern.literal_prefix(), worth)
                           : ValueIndexReader(snapshot.segment(), best->index).postings() > worth;
    if (!best->is_cheaper && !best->is_exact) best.reset();
    return best;
}

}  // namespace ringside::query
