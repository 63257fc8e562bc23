#include "live_groups.hpp"

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <cmath>
#include <iterator>
#include <numeric>

namespace ringside::query {

using Kind = Aggregate::Kind;

LiveGroups::LiveGroups(const LiveQuerySpec& description)
    : key_count_(description.key_count),
      columns_(description.aggregates),
      shown_(description.shown) {
    for (const auto& column : columns_) column_places_.push_back(place_of(column));
    if (shown_.empty()) {
        shown_.resize(key_count_ + columns_.size());
        std::iota(shown_.begin(), shown_.end(), std::size_t{0});
    }
    if (key_count_ == 0) static_cast<void>(group_of({}));
}

std::size_t LiveGroups::place_of(const LiveQuerySpec::Column& column) {
    if (!column.input) return 0;
    switch (column.kind) {
        case Kind::count: return place_in(counts_, *column.input);
        case Kind::sum:
        case Kind::average: return place_in(sums_, *column.input);
        default: return place_in(values_, *column.input);
    }
}

/// Aggregates of one input share its state.
std::size_t LiveGroups::place_in(std::vector<Place>& places, std::size_t input) {
    const auto same = std::ranges::find(places, input, &Place::input);
    if (same != places.end()) return same->index;
    places.push_back({input, places.size()});
    return places.back().index;
}

std::size_t LiveGroups::KeysHash::operator()(Row keys) const noexcept {
    std::size_t hash = 0;
    for (const OwnedScalar& key : keys) boost::hash_combine(hash, key.view().hash());
    return hash;
}

bool LiveGroups::KeysEqual::operator()(Row a, Row b) const noexcept {
    return std::ranges::equal(a, b);
}

void LiveGroups::apply(std::string_view name, const Values* values) {
    const auto found = records_.find(name);
    const bool is_there = found != records_.end();
    if (values == nullptr) {
        if (!is_there) return;
        take_away(*found->second.group, found->second.inputs);
        bytes_ -= bytes_of(name, found->second.inputs);
        records_.erase(found);
        return;
    }
    Group& group = group_of(Row(*values).first(key_count_));
    const Row inputs = Row(*values).subspan(key_count_);
    if (is_there) {
        Remembered& before = found->second;
        if (before.group == &group && is_identical(before.inputs, inputs)) return;
        take_away(*before.group, before.inputs);
        bytes_ -= bytes_of(name, before.inputs);
        before.group = &group;
        // An assignment would keep the memory of longer texts without counting it.
        before.inputs = Values(inputs.begin(), inputs.end());
    } else {
        records_.emplace(name, Remembered{&group, Values(inputs.begin(), inputs.end())});
    }
    bytes_ += bytes_of(name, inputs);
    add(group, inputs);
}

LiveGroups::Group& LiveGroups::group_of(Row keys) {
    const auto found = groups_.find(keys);
    if (found != groups_.end()) return *found->second;
    auto made = std::make_unique<Group>();
    made->keys.assign(keys.begin(), keys.end());
    made->counts.resize(counts_.size());
    made->sums.resize(sums_.size());
    made->values.resize(values_.size());
    Group& group = *groups_.emplace(made->keys, std::move(made)).first->second;
    bytes_ += bytes_of(group);
    mark(group);
    return group;
}

/// Keys count twice, and about as much for the delivered row.
std::size_t LiveGroups::bytes_of(const Group& group) const noexcept {
    return sizeof(Group) + 3 * heap_bytes(group.keys) + columns_.size() * sizeof(OwnedScalar) +
           counts_.size() * sizeof(std::uint64_t) + sums_.size() * sizeof(Sum) +
           values_.size() * sizeof(Multiset);
}

void LiveGroups::add(Group& group, Row inputs) {
    ++group.records;
    for (const Place& place : counts_)
        group.counts[place.index] += inputs[place.input].is_null() ? 0 : 1;
    for (const Place& place : sums_) group.sums[place.index].add(inputs[place.input].view());
    for (const Place& place : values_) add_value(group.values[place.index], inputs[place.input]);
    mark(group);
}

void LiveGroups::take_away(Group& group, Row inputs) {
    --group.records;
    for (const Place& place : counts_)
        group.counts[place.index] -= inputs[place.input].is_null() ? 0 : 1;
    for (const Place& place : sums_) group.sums[place.index].subtract(inputs[place.input].view());
    for (const Place& place : values_) take_value(group.values[place.index], inputs[place.input]);
    mark(group);
}

namespace {

/// Approximate size of a node of a std::map, without the memory that the value holds.
constexpr std::size_t node_bytes = 32 + sizeof(OwnedScalar) + sizeof(std::uint64_t);

template <class Counts>
bool has_equal_neighbor(const Counts& counts, typename Counts::const_iterator at) {
    const auto next = std::next(at);
    return (at != counts.begin() && std::prev(at)->first == at->first) ||
           (next != counts.end() && next->first == at->first);
}

}  // namespace

bool LiveGroups::ByIdentity::operator()(const OwnedScalar& a, const OwnedScalar& b) const {
    const auto order = a <=> b;
    if (std::is_neq(order)) return std::is_lt(order);
    if (a.type() != b.type()) return a.type() < b.type();
    if (a.type() == ScalarType::real)
        return std::signbit(*a.as_double()) > std::signbit(*b.as_double());
    return a.type() == ScalarType::container && !a.is_identical(b) && to_json(a) < to_json(b);
}

void LiveGroups::add_value(Multiset& values, const OwnedScalar& value) {
    if (value.is_null()) return;
    const auto [at, is_new] = values.counts.try_emplace(value, 0);
    ++at->second;
    if (!is_new) return;
    bytes_ += node_bytes + at->first.heap_bytes();
    if (!has_equal_neighbor(values.counts, at)) ++values.distinct;
}

void LiveGroups::take_value(Multiset& values, const OwnedScalar& value) {
    if (value.is_null()) return;
    const auto at = values.counts.find(value);
    if (--at->second > 0) return;
    bytes_ -= node_bytes + at->first.heap_bytes();
    if (!has_equal_neighbor(values.counts, at)) --values.distinct;
    values.counts.erase(at);
}

void LiveGroups::mark(Group& group) {
    if (std::exchange(group.is_dirty, true)) return;
    dirty_.push_back(&group);
}

void LiveGroups::settle() {
    std::vector<LiveChange> nobody_is_told;
    collect(nobody_is_told);
}

void LiveGroups::collect(std::vector<LiveChange>& changes) {
    for (Group* group : std::exchange(dirty_, {})) {
        group->is_dirty = false;
        const bool was_there = !group->told.empty();
        if (!is_kept(*group)) {
            if (was_there) {
                changes.push_back({LiveChange::Kind::removed, group->keys, std::move(group->told)});
            }
            erase(*group);
            continue;
        }
        Values row = row_of(*group);
        if (was_there && is_identical(group->told, row)) continue;
        group->told = std::move(row);
        changes.push_back({was_there ? LiveChange::Kind::changed : LiveChange::Kind::added,
                           group->keys, group->told});
    }
}

void LiveGroups::erase(Group& group) {
    bytes_ -= bytes_of(group);
    groups_.erase(groups_.find(Row(group.keys)));
}

Values LiveGroups::row_of(const Group& group) const {
    Values row;
    row.reserve(shown_.size());
    for (const std::size_t place : shown_)
        row.push_back(place < key_count_ ? group.keys[place] : value_of(group, place - key_count_));
    return row;
}

OwnedScalar LiveGroups::value_of(const Group& group, std::size_t column) const {
    const std::size_t place = column_places_[column];
    switch (columns_[column].kind) {
        case Kind::count:
            return Scalar::unsigned_integer(columns_[column].input ? group.counts[place]
                                                                   : group.records);
        case Kind::sum: return group.sums[place].total();
        case Kind::average: return group.sums[place].mean();
        case Kind::distinct: return Scalar::unsigned_integer(group.values[place].distinct);
        case Kind::min: {
            const auto& counts = group.values[place].counts;
            return counts.empty() ? OwnedScalar() : counts.begin()->first;
        }
        case Kind::max: {
            const auto& counts = group.values[place].counts;
            return counts.empty() ? OwnedScalar() : counts.rbegin()->first;
        }
    }
    return {};
}

std::optional<Row> LiveGroups::find(Row key) const {
    const auto found = groups_.find(key);
    if (found == groups_.end() || found->second->told.empty()) return std::nullopt;
    return Row(found->second->told);
}

void LiveGroups::each(const std::function<void(Row key, Row row)>& visit) const {
    for (const auto& [keys, group] : groups_) {
        if (!group->told.empty()) visit(keys, group->told);
    }
}

}  // namespace ringside::query
