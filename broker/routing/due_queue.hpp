#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <vector>

namespace ringside::broker {

/// A queue of ids by due time. An obsolete entry stays until it is due, or until `tidy` removes it:
/// the consumer must check whether the object still exists and is still due.
///
/// Most entries have the same delay and arrive in order of their due times: they use a plain queue.
/// A heap holds the others.
class DueQueue {
public:
    void push(std::uint64_t due_ns, std::uint64_t id) {
        if (in_order_.empty() || in_order_.back().due_ns <= due_ns) {
            in_order_.push_back({due_ns, id});
            return;
        }
        others_.push_back({due_ns, id});
        std::push_heap(others_.begin(), others_.end(), std::greater<>());
    }

    /// Calls `take(id)` for every due entry. An id that was pushed several times is taken several
    /// times.
    template <class Take>
    void take(std::uint64_t now_ns, const Take& take) {
        while (!in_order_.empty() && in_order_.front().due_ns <= now_ns) {
            const std::uint64_t id = in_order_.front().id;
            in_order_.pop_front();
            take(id);
        }
        while (!others_.empty() && others_.front().due_ns <= now_ns) {
            const std::uint64_t id = others_.front().id;
            std::pop_heap(others_.begin(), others_.end(), std::greater<>());
            others_.pop_back();
            take(id);
        }
    }

    /// Number of entries, including obsolete ones.
    [[nodiscard]] std::size_t size() const noexcept { return in_order_.size() + others_.size(); }

    /// Removes the entries for which `is_current(due_ns, id)` is false, once they are the larger
    /// part. A consumer with `current` objects that calls this regularly bounds the queue, at a
    /// constant cost per entry.
    template <class IsCurrent>
    void tidy(std::size_t current, const IsCurrent& is_current) {
        if (size() <= entries_kept_min + 2 * current) return;
        const auto is_obsolete = [&](const Entry& entry) {
            return !is_current(entry.due_ns, entry.id);
        };
        std::erase_if(in_order_, is_obsolete);
        in_order_.shrink_to_fit();
        std::erase_if(others_, is_obsolete);
        others_.shrink_to_fit();
        std::make_heap(others_.begin(), others_.end(), std::greater<>());
    }

    /// Returns the largest value if the queue is empty.
    [[nodiscard]] std::uint64_t next_ns() const noexcept {
        std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
        if (!in_order_.empty()) next = in_order_.front().due_ns;
        return others_.empty() ? next : std::min(next, others_.front().due_ns);
    }

private:
    struct Entry {
        std::uint64_t due_ns = 0;
        std::uint64_t id = 0;
        friend bool operator>(const Entry& a, const Entry& b) noexcept {
            return a.due_ns > b.due_ns;
        }
    };
    /// Below this size, `tidy` does nothing.
    static constexpr std::size_t entries_kept_min = 4096;

    std::deque<Entry> in_order_;
    std::vector<Entry> others_;  ///< a heap, the earliest first
};

}  // namespace ringside::broker
