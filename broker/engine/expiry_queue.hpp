#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <vector>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// The expiry times of all records with a time to live, in ascending order.
///
/// Entries of 12 bytes lie in sorted leaves, because the grid can have millions of them: a node per
/// entry would take five times as much memory. A leaf holds the entries from its key up to the key
/// of the next leaf.
class ExpiryQueue {
public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    /// REQUIRES: the record is not in the queue with this time.
    void add(std::uint64_t expires_ms, RecordId record) {
        const Entry added(expires_ms, record);
        auto place = leaves_.upper_bound(added);
        if (place == leaves_.begin()) {
            if (place == leaves_.end() || place->second.size() == leaf_entries_max) {
                place = leaves_.try_emplace(place, added);
                place->second.reserve(leaf_entries_max);
            } else {
                auto first = leaves_.extract(place);
                first.key() = added;
                place = leaves_.insert(std::move(first)).position;
            }
        } else {
            --place;
        }
        insert(place, added);
        ++size_;
    }

    /// Does nothing if the record is not in the queue with this time.
    void remove(std::uint64_t expires_ms, RecordId record) {
        const Entry removed(expires_ms, record);
        auto place = leaves_.upper_bound(removed);
        if (place == leaves_.begin()) return;
        --place;
        Leaf& leaf = place->second;
        const auto entry = std::lower_bound(leaf.begin(), leaf.end(), removed);
        if (entry == leaf.end() || removed < *entry) return;
        leaf.erase(entry);
        --size_;
        if (leaf.empty()) leaves_.erase(place);
        else if (leaf.size() <= leaf_entries_max / 4) join(place);
    }

    [[nodiscard]] std::uint64_t next_ms() const noexcept {
        return leaves_.empty() ? never : leaves_.begin()->second.front().expires_ms();
    }
    /// REQUIRES: not empty.
    [[nodiscard]] RecordId next_record() const noexcept {
        return leaves_.begin()->second.front().record();
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Memory that the queue uses.
    [[nodiscard]] std::size_t bytes() const noexcept { return leaves_.size() * leaf_bytes; }

private:
    /// A time and a record, without the padding of a pair.
    class Entry {
    public:
        Entry(std::uint64_t expires_ms, RecordId record) noexcept
            : words_{static_cast<std::uint32_t>(expires_ms >> 32),
                     static_cast<std::uint32_t>(expires_ms), static_cast<std::uint32_t>(record)} {}
        [[nodiscard]] std::uint64_t expires_ms() const noexcept {
            return std::uint64_t{words_[0]} << 32 | words_[1];
        }
        [[nodiscard]] RecordId record() const noexcept { return RecordId{words_[2]}; }
        friend bool operator<(const Entry& a, const Entry& b) noexcept {
            return a.words_ < b.words_;
        }

    private:
        std::array<std::uint32_t, 3> words_;
    };
    using Leaf = std::vector<Entry>;  ///< never empty
    using Leaves = std::map<Entry, Leaf>;

    static constexpr std::size_t leaf_entries_max = 128;
    /// Includes the node in the map and the overhead of two allocations.
    static constexpr std::size_t leaf_bytes = leaf_entries_max * sizeof(Entry) + 112;

    void insert(Leaves::iterator place, const Entry& added) {
        Leaf& leaf = place->second;
        if (leaf.size() < leaf_entries_max) {
            leaf.insert(std::lower_bound(leaf.begin(), leaf.end(), added), added);
            return;
        }
        // Times mostly ascend: a new leaf then leaves the old one full.
        const bool is_last = leaf.back() < added;
        const auto middle = is_last ? leaf.end() : leaf.begin() + leaf_entries_max / 2;
        const Entry key = is_last ? added : *middle;
        Leaf& upper = leaves_.try_emplace(std::next(place), key)->second;
        upper.reserve(leaf_entries_max);
        upper.assign(middle, leaf.end());
        leaf.erase(middle, leaf.end());
        Leaf& target = added < key ? leaf : upper;
        target.insert(std::lower_bound(target.begin(), target.end(), added), added);
    }

    /// Joins a leaf with the next or the previous one if both fill three quarters of one at most.
    void join(Leaves::iterator place) {
        const auto next = std::next(place);
        if (next != leaves_.end() && take_over(place, next)) return;
        if (place != leaves_.begin()) static_cast<void>(take_over(std::prev(place), place));
    }
    [[nodiscard]] bool take_over(Leaves::iterator place, Leaves::iterator next) {
        Leaf& leaf = place->second;
        if (leaf.size() + next->second.size() > leaf_entries_max / 4 * 3) return false;
        leaf.insert(leaf.end(), next->second.begin(), next->second.end());
        leaves_.erase(next);
        return true;
    }

    Leaves leaves_;
    std::size_t size_ = 0;
};

}  // namespace ringside::broker
