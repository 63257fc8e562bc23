#include "grouping.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <numeric>

namespace ringside::sql {

namespace {

/// How far ahead records are prefetched.
constexpr std::size_t look_ahead = 8;

std::size_t hash_of(const std::vector<Scalar>& key) noexcept {
    std::size_t hash = 0;
    for (const Scalar& scalar : key) hash = hash * 0x9E3779B97F4A7C15ULL + scalar.hash();
    return hash;
}

}  // namespace

/// Groups by the hash of their key; groups with the same hash form a chain.
struct Grouping::Index {
    boost::unordered_flat_map<std::size_t, std::uint32_t> first;
    std::vector<std::uint32_t> next;  ///< next group in the chain; the last one points to itself
};

Grouping::Grouping(Session& session, const TableSpec& table, std::vector<GroupColumn> columns)
    : session_(session),
      columns_(std::move(columns)),
      probe_(columns_.size()),
      texts_(columns_.size()),
      index_(std::make_unique<Index>()) {
    for (const GroupColumn& group : columns_) readers_.emplace_back(table.columns[group.column]);
}

Grouping::~Grouping() { session_.guard.give_back(charged_); }

Result<void> Grouping::fill(RecordCursor cursor) {
    for (;;) {
        auto batch = cursor.next();
        if (!batch) return batch.error();
        if (batch->empty()) break;
        const std::size_t groups_before = index_->next.size();
        for (const RecordView& record : *batch) {
            marks_.push_back(session_.snapshot->handle(record));
            groups_.push_back(group_of(record));
        }
        constexpr std::size_t record_bytes = 2 * sizeof(RecordHandle) + sizeof(std::uint32_t);
        const std::size_t group_bytes = columns_.size() * sizeof(Scalar) + 48;
        const std::size_t bytes =
            batch->size() * record_bytes + (index_->next.size() - groups_before) * group_bytes;
        charged_ += bytes;
        if (!session_.guard.take(bytes)) return *session_.guard.failure();
    }
    return {};
}

std::uint32_t Grouping::group_of(const RecordView& record) {
    for (std::size_t i = 0; i < readers_.size(); ++i) probe_[i] = readers_[i](record, texts_[i]);
    const auto [found, is_new] =
        index_->first.try_emplace(hash_of(probe_), static_cast<std::uint32_t>(index_->next.size()));
    if (is_new) return add_group();
    for (std::uint32_t group = found->second;; group = index_->next[group]) {
        if (std::equal(probe_.begin(), probe_.end(), key(group))) {
            compare_with_key(group);
            return group;
        }
        if (index_->next[group] == group) {
            index_->next[group] = static_cast<std::uint32_t>(index_->next.size());
            return add_group();
        }
    }
}

/// Only numbers can be equal and differ: 1 and 1.0, 0.0 and -0.0.
void Grouping::compare_with_key(std::uint32_t group) {
    for (std::size_t i = 0; i < probe_.size(); ++i) {
        if (!probe_[i].is_number() || probe_[i].is_identical(key(group)[i])) continue;
        is_common_[group * probe_.size() + i] = false;
    }
}

std::uint32_t Grouping::add_group() {
    const auto group = static_cast<std::uint32_t>(index_->next.size());
    index_->next.push_back(group);
    for (std::size_t i = 0; i < probe_.size(); ++i) {
        const auto text = probe_[i].as_string();
        const bool is_made = text && !text->empty() && text->data() == texts_[i].data();
        is_common_.push_back(true);
        keys_.push_back(is_made ? Scalar::string(owned_.emplace_back(*text)) : probe_[i]);
    }
    return group;
}

std::vector<std::uint32_t> Grouping::order_of_groups() const {
    std::vector<std::uint32_t> order(index_->next.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const auto compared = key(a)[i].compare(key(b)[i]);
            if (std::is_neq(compared)) return columns_[i].is_descending == std::is_gt(compared);
        }
        return false;
    });
    return order;
}

/// A counting sort: counting the records of each group gives the place of the group.
void Grouping::sort() {
    ordered_ = order_of_groups();
    std::vector<std::size_t> places(ordered_.size(), 0);
    for (const std::uint32_t group : groups_) ++places[group];
    std::size_t begin = 0;
    for (const std::uint32_t group : ordered_) {
        const std::size_t count = places[group];
        places[group] = begin;
        begin += count;
        ends_.push_back(begin);
    }
    sorted_.resize(marks_.size());
    for (std::size_t i = 0; i < marks_.size(); ++i) sorted_[places[groups_[i]]++] = marks_[i];
    marks_ = {};
    groups_ = {};
}

bool Grouping::next() noexcept {
    if (has_begun_) ++at_;
    has_begun_ = true;
    if (at_ >= sorted_.size()) return false;
    if (at_ == ends_[group_at_]) ++group_at_;
    if (at_ + look_ahead < sorted_.size()) session_.snapshot->prefetch(sorted_[at_ + look_ahead]);
    return true;
}

std::optional<Scalar> Grouping::common(std::size_t column) const noexcept {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].column != column) continue;
        const std::uint32_t group = ordered_[group_at_];
        if (is_common_[group * columns_.size() + i]) return key(group)[i];
    }
    return std::nullopt;
}

}  // namespace ringside::sql
