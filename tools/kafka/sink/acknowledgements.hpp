#pragma once

#include <cstdint>
#include <deque>

#include "shm/base/types.hpp"

namespace ringside::kafka {

/// Which revisions Kafka has wholly: outcomes come in any order, as the partitions do.
///
/// Messages are counted by group, each of which is what one revision has come to, or one state of
/// the grid. Invariant: the groups are in the order in which they were begun, and none but the last
/// takes further messages.
/// Thread safety: none. Memory: a few words a group under way.
class Acknowledgements {
public:
    /// A message of a revision; its tag. Revisions do not go back.
    std::uint64_t add(Revision revision) {
        if (groups_.empty() || groups_.back().revision != revision) begin(revision, revision - 1);
        return add_to_last();
    }

    /// A message of the state at a revision, which says nothing of any revision before it is
    /// wholly there.
    std::uint64_t add_of_state(Revision revision) {
        if (groups_.empty() || groups_.back().revision != revision) begin(revision, 0);
        return add_to_last();
    }

    /// The outcome of that message is no longer waited for.
    void settle(std::uint64_t tag) noexcept {
        --groups_[tag - first_].pending;
        while (!groups_.empty() && groups_.front().pending == 0) {
            // More of the last one may follow.
            groups_.pop_front();
            ++first_;
        }
    }

    /// Of a message whose outcome is waited for.
    [[nodiscard]] Revision revision(std::uint64_t tag) const noexcept {
        return groups_[tag - first_].revision;
    }

    [[nodiscard]] bool empty() const noexcept { return groups_.empty(); }

    /// The revision up to which Kafka has everything, where all changes up to `read_up_to` have
    /// been added; 0: none.
    [[nodiscard]] Revision complete(Revision read_up_to) const noexcept {
        return groups_.empty() ? read_up_to : groups_.front().before;
    }

private:
    struct Group {
        Revision revision;
        Revision before;  ///< complete as long as this is the first one
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
