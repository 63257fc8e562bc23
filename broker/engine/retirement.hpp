#pragma once

#include <deque>
#include <limits>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// An object in the segment that is no longer current and waits until no reader needs it.
struct Retired {
    enum class Kind : std::uint8_t {
        block,      ///< a heap block
        slot,       ///< a RecordId, stored in `offset`
        tombstone,  ///< last version of a deleted record; must be unlinked first
        posting,    ///< belongs to the secondary index with this `life`
    };
    Offset offset = 0;
    std::uint64_t bytes = 0;
    Revision at = 0;  ///< readers at this revision or later do not need it
    Kind kind = Kind::block;
    std::uint32_t life = 0;
};

/// A queue of retired objects in order of retirement: `at` never decreases.
class RetirementQueue {
public:
    void push(const Retired& retired) {
        waiting_.push_back(retired);
        bytes_ += retired.bytes;
    }

    /// Returns whether all readers at `limit` or later can do without the first object.
    [[nodiscard]] bool has_due(Revision limit) const noexcept {
        return !waiting_.empty() && waiting_.front().at <= limit;
    }
    [[nodiscard]] const Retired& front() const noexcept { return waiting_.front(); }
    void pop() noexcept {
        bytes_ -= waiting_.front().bytes;
        waiting_.pop_front();
    }

    [[nodiscard]] bool is_empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    /// Revision up to which objects must be released so that at most `bytes_max` remain; 0 = none.
    [[nodiscard]] Revision excess_until(std::uint64_t bytes_max) const noexcept {
        std::uint64_t left = bytes_;
        Revision until = 0;
        for (const Retired& retired : waiting_) {
            if (left <= bytes_max) break;
            left -= retired.bytes;
            until = retired.at;
        }
        return until;
    }

private:
    std::deque<Retired> waiting_;
    std::uint64_t bytes_ = 0;
};

/// A limit that permits every release.
inline constexpr Revision no_limit = std::numeric_limits<Revision>::max();

}  // namespace ringside::broker
