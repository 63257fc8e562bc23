#pragma once

#include <map>
#include <utility>
#include <vector>

#include "broker/session/in_doubt.hpp"
#include "shm/ring/change_ring.hpp"

namespace ringside::broker {

/// The commits in the change ring, grouped by the lane that requested them. After a take-over, this
/// is all that the broker knows about the requests of its predecessor.
class AppliedCommits {
public:
    void collect(const shm::SegmentView& segment, Position tail, Position head) {
        const shm::ChangeRingReader ring(segment);
        // An untrimmed ring still holds every commit.
        is_complete_ = tail == 0;
        Lane lane;
        AppliedInLane* asked_by = nullptr;
        constexpr Position ahead = 16;
        for (Position position = tail; position < head; ++position) {
            if (const auto soon = ring.read(position + ahead)) {
                __builtin_prefetch(segment.at<std::byte>(soon->version));
            }
            const auto change = ring.read(position);
            if (!change || change->session == 0) continue;
            const Lane asked{change->session, change->lane};
            if (asked_by == nullptr || asked != lane) asked_by = &lanes_[asked];
            lane = asked;
            auto& [commits, versions] = *asked_by;
            if (commits.empty() || commits.back().number != change->command) {
                commits.push_back({change->command, change->revision,
                                   static_cast<std::uint32_t>(versions.size()), 0});
            }
            ++commits.back().changes;
            versions.push_back(segment.version_at(change->version)->version);
        }
    }

    /// Removes and returns the commits of one lane.
    [[nodiscard]] AppliedInLane take(SessionId session, std::uint16_t lane) {
        return std::move(lanes_[{session, lane}]);
    }
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
    void clear() noexcept { lanes_.clear(); }

private:
    using Lane = std::pair<SessionId, std::uint16_t>;
    std::map<Lane, AppliedInLane> lanes_;
    bool is_complete_ = false;
};

}  // namespace ringside::broker
