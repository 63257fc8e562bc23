#include "group_collector.hpp"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <numeric>

#include "shm/base/limits.hpp"

namespace ringside::query {

GroupCollector::GroupCollector(const Query& query)
    : query_(query), table_(query.keys().size(), query.aggregates().size()) {
    for (const Field& field : query.keys()) keys_.emplace_back(field);
    for (std::size_t i = 0; i < query.aggregates().size(); ++i) add_input(i);
    // Without keys there is exactly one group, even without records.
    if (keys_.empty()) static_cast<void>(table_.group_of({}));
}

void GroupCollector::add_input(std::size_t aggregate) {
    const auto& field = query_.aggregates()[aggregate].field();
    if (!field) {
        counts_.push_back(aggregate);
        return;
    }
    const auto same = std::ranges::find_if(inputs_, [&](const Input& input) {
        return query_.aggregates()[input.aggregates.front()].field()->is_same(*field);
    });
    if (same != inputs_.end()) same->aggregates.push_back(aggregate);
    else inputs_.push_back({FieldReader(*field), {aggregate}});
}

Result<bool> GroupCollector::take(std::span<const Candidate> records) {
    Groups group_of;
    if (!find_groups(records, group_of)) return too_many_groups();
    const std::span<const std::uint32_t> groups(group_of.data(), records.size());
    for (const std::size_t count : counts_) {
        for (const std::uint32_t group : groups) table_.accumulator(group, count).add_record();
    }
    Scalars scalars;
    for (const Input& input : inputs_) {
        for (std::size_t i = 0; i < records.size(); ++i)
            scalars[i] = input.reader.of(*records[i].record, records[i].root);
        for (const std::size_t aggregate : input.aggregates) add(aggregate, groups, scalars);
    }
    if (auto checked = check_bytes(table_.bytes() + held_bytes_); !checked) return checked.error();
    return true;
}

/// Returns false if there are too many.
bool GroupCollector::find_groups(std::span<const Candidate> records, Groups& groups) {
    if (keys_.empty()) {
        std::fill_n(groups.begin(), records.size(), 0);
        return true;
    }
    boost::container::small_vector<Scalar, 4> keys(keys_.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        for (std::size_t key = 0; key < keys_.size(); ++key)
            keys[key] = keys_[key].of(*records[i].record, records[i].root);
        const auto group = table_.group_of({keys.data(), keys.size()});
        if (!group) return false;
        groups[i] = *group;
    }
    return true;
}

void GroupCollector::add(std::size_t aggregate, std::span<const std::uint32_t> groups,
                         const Scalars& scalars) {
    const auto each = [&](auto&& add_to) {
        for (std::size_t i = 0; i < groups.size(); ++i)
            add_to(table_.accumulator(groups[i], aggregate), scalars[i]);
    };
    switch (query_.aggregates()[aggregate].kind()) {
        case Aggregate::Kind::count: break;
        case Aggregate::Kind::sum:
        case Aggregate::Kind::average:
            return each([](Accumulator& to, const Scalar& scalar) { to.add_to_sum(scalar); });
        case Aggregate::Kind::min:
            return each([this](Accumulator& to, const Scalar& scalar) {
                held_bytes_ += to.add_to_minimum(scalar);
            });
        case Aggregate::Kind::max:
            return each([this](Accumulator& to, const Scalar& scalar) {
                held_bytes_ += to.add_to_maximum(scalar);
            });
        case Aggregate::Kind::distinct:
            return each([this](Accumulator& to, const Scalar& scalar) {
                held_bytes_ += to.add_to_distinct(scalar);
            });
    }
}

Result<void> GroupCollector::merge(Collector& later) {
    auto& other = static_cast<GroupCollector&>(later);
    std::vector<Scalar> keys(keys_.size());
    for (std::uint32_t theirs = 0; theirs < other.table_.size(); ++theirs) {
        std::ranges::transform(other.table_.keys(theirs), keys.begin(), &OwnedScalar::view);
        const auto ours = table_.group_of(keys);
        if (!ours) return too_many_groups();
        for (std::size_t i = 0; i < query_.aggregates().size(); ++i) {
            table_.accumulator(*ours, i).merge(query_.aggregates()[i].kind(),
                                               std::move(other.table_.accumulator(theirs, i)));
        }
    }
    held_bytes_ += other.held_bytes_;
    return check_bytes(table_.bytes() + held_bytes_);
}

std::vector<OwnedScalar> GroupCollector::row_of(std::uint32_t group) {
    const auto keys = table_.keys(group);
    std::vector<OwnedScalar> row(keys.begin(), keys.end());
    for (std::size_t i = 0; i < query_.aggregates().size(); ++i)
        row.push_back(table_.accumulator(group, i).result(query_.aggregates()[i].kind()));
    return row;
}

void GroupCollector::finish(Rows& rows) {
    std::vector<std::vector<OwnedScalar>> all;
    for (std::uint32_t group = 0; group < table_.size(); ++group) all.push_back(row_of(group));
    const auto key_count = static_cast<std::ptrdiff_t>(keys_.size());
    std::ranges::sort(all, [&](const auto& a, const auto& b) {
        return std::lexicographical_compare(a.begin(), a.begin() + key_count, b.begin(),
                                            b.begin() + key_count);
    });
    std::size_t wanted = query_.row_limit().value_or(SIZE_MAX);
    if (query_.first()) {
        const std::size_t column = *query_.top_column();
        const bool is_ascending = query_.first()->order == Order::ascending;
        std::ranges::stable_sort(all, [&](const auto& a, const auto& b) {
            return is_ascending ? a[column] < b[column] : b[column] < a[column];
        });
        wanted = std::min(wanted, query_.first()->count);
    }
    for (std::size_t i = 0; i < std::min(wanted, all.size()); ++i) rows.add(all[i]);
}

Error GroupCollector::too_many_groups() const {
    return {Errc::query_too_large,
            "more than " + std::to_string(limits::query_groups_max) + " groups"};
}

}  // namespace ringside::query
