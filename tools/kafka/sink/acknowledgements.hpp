#pragma once

#include <cstdint>
#include <deque>

#include "shm/base/types.hpp"

namespace ringside::kafka {

/// The revisions of which Kafka has all messages. Outcomes arrive in any order, because partitions
/// do not wait for each other.
///
/// Messages are counted per group. A group consists of the messages of one revision, or of one
/// state of the grid. Invariant: groups are in the order in which they were begun, and only the
/// last one takes further messages.
/// Thread safety: none. Memory: a few words per group under way.
class Acknowledgements {
public:
    /// Adds a message of a revision, and returns its tag. Revisions must not decrease.
    std::uint64_t add(Revision revision) {
        if (groups_.empty() || groups_.back().revision != revision) begin(revision, revision - 1);
        return add_to_last();
    }

    /// Adds a message of the state at a revision. It does not complete any earlier revision.
    std::uint64_t add_of_state(Revision revision) {
        if (groups_.empty() || groups_.back().revision != revision) begin(revision, 0);
        return add_to_last();
    }

    /// Records the outcome of a message.
    void settle(std::uint64_t tag) noexcept {
        --groups_[tag - first_].pending;
        while (!groups_.empty() && groups_.front().pending == 0) {
            // More messages of the last group may follow.
            groups_.pop_front();
            ++first_;
        }
    }

    /// Returns the revision of a message under way.
    [[nodiscard]] Revision revision(std::uint64_t tag) const noexcept {
        return groups_[tag - first_].revision;
    }

    [[nodiscard]] bool empty() const noexcept { return groups_.empty(); }

    /// Returns the revision up to which Kafka has everything, if all changes up to `read_up_to`
    /// have been added. 0 if there is none.
    [[nodiscard]] Revision complete(Revision read_up_to) const noexcept {
        return groups_.empty() ? read_up_to : groups_.front().before;
    }

private:
    struct Group {
        Revision revision;
        Revision before;  ///< complete while this is the first group
        std::uint64_t pending;
    };

    void begin(Revision revision, Revision before) { groups_.push_back({revision, before, 0}); }
    std::uint64_t add_to_last() {
        ++groups_.back().pending;
        return first_ + groups_.size() - 1;
    }

    std::deque<Group> groups_;
    std::uint64_t first_ = 0;  ///< tag of the first group
};

}  // namespace ringside::kafka
