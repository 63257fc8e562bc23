#include "top_collector.hpp"

#include <algorithm>

namespace ringside::query {

TopCollector::TopCollector(const Query& query)
    : reader_(query),
      by_(std::get<Field>(query.first()->by)),
      order_(query.first()->order),
      count_(std::min(query.first()->count, query.row_limit().value_or(SIZE_MAX))) {}

bool TopCollector::is_before(const OwnedScalar& a, std::uint64_t a_number, const Entry& b) const {
    const auto order = order_ == Order::ascending ? a <=> b.key : b.key <=> a;
    return std::is_neq(order) ? std::is_lt(order) : a_number < b.number;
}

Result<bool> TopCollector::take(std::span<const Candidate> records) {
    for (const Candidate& record : records) {
        const std::uint64_t number = next_number_++;
        OwnedScalar key = by_(*record.record);
        if (entries_.size() == count_ &&
            (count_ == 0 || !is_before(key, number, entries_.front()))) {
            continue;
        }
        Entry entry{std::move(key), number, {}, 0};
        entry.bytes = sizeof(Entry) + entry.key.heap_bytes() + reader_.read(record, entry.row);
        if (auto added = add(std::move(entry)); !added) return added.error();
    }
    return count_ > 0;
}

Result<void> TopCollector::add(Entry entry) {
    const auto is_less = [this](const Entry& a, const Entry& b) {
        return is_before(a.key, a.number, b);
    };
    bytes_ += entry.bytes;
    entries_.push_back(std::move(entry));
    std::ranges::push_heap(entries_, is_less);
    if (entries_.size() > count_) {
        std::ranges::pop_heap(entries_, is_less);
        bytes_ -= entries_.back().bytes;
        entries_.pop_back();
    }
    return check_bytes(bytes_);
}

Result<void> TopCollector::merge(Collector& later) {
    auto& other = static_cast<TopCollector&>(later);
    for (Entry& entry : other.entries_) {
        entry.number += next_number_;
        if (auto added = add(std::move(entry)); !added) return added;
    }
    next_number_ += other.next_number_;
    return {};
}

void TopCollector::finish(Rows& rows) {
    std::ranges::sort(
        entries_, [this](const Entry& a, const Entry& b) { return is_before(a.key, a.number, b); });
    for (const Entry& entry : entries_) rows.add(entry.row);
}

}  // namespace ringside::query
