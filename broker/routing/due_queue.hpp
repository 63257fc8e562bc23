#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <queue>
#include <vector>

namespace ringside::broker {

/// A queue of ids by due time. An obsolete entry stays until it is due: the consumer must check
/// whether the object still exists and is still due.
///
/// Most entries have the same delay and arrive in order of their due times: they use a plain queue.
/// A heap holds the others.
class DueQueue {
public:
    void push(std::uint64_t due_ns, std::uint64_t id) {
        if (in_order_.empty() || in_order_.back().due_ns <= due_ns)
            in_order_.push_back({due_ns, id});
        else others_.push({due_ns, id});
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
        while (!others_.empty() && others_.top().due_ns <= now_ns) {
            const std::uint64_t id = others_.top().id;
            others_.pop();
            take(id);
        }
    }

    /// Returns the largest value if the queue is empty.
    [[nodiscard]] std::uint64_t next_ns() const noexcept {
        std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
        if (!in_order_.empty()) next = in_order_.front().due_ns;
        return others_.empty() ? next : std::min(next, others_.top().due_ns);
    }

private:
    struct Entry {
        std::uint64_t due_ns = 0;
        std::uint64_t id = 0;
        friend bool operator>(const Entry& a, const Entry& b) noexcept {
            return a.due_ns > b.due_ns;
        }
    };
    std::deque<Entry> in_order_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> others_;
};

}  // namespace ringside::broker
