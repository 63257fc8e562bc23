#pragma once

#include <map>
#include <utility>
#include <vector>

#include "broker/session/in_doubt.hpp"
#include "shm/ring/change_ring.hpp"

namespace ringside::broker {

/// The commits that are in the change ring, by who asked for them: what a broker knows of the
/// requests of its predecessor.
class AppliedCommits {
public:
    void collect(const shm::ChangeRingReader& ring, Position tail, Position head) {
        // Nothing was ever taken out of the ring: no commit is missing.
        is_complete_ = tail == 0;
        Lane lane;
        std::vector<Applied>* commits = nullptr;
        for (Position position = tail; position < head; ++position) {
            const auto change = ring.read(position);
            if (!change || change->session == 0) continue;
            const Lane asked{change->session, change->lane};
            if (commits == nullptr || asked != lane) commits = &commits_[asked];
            lane = asked;
            const bool is_same = !commits->empty() && commits->back().number == change->command;
            if (!is_same) commits->push_back({change->command, change->revision, position});
        }
    }

    /// Those of one lane, which are forgotten here.
    [[nodiscard]] std::vector<Applied> take(SessionId session, std::uint16_t lane) {
        const auto place = commits_.find({session, lane});
        if (place == commits_.end()) return {};
        std::vector<Applied> commits = std::move(place->second);
        commits_.erase(place);
        return commits;
    }
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
    void clear() noexcept { commits_.clear(); }

private:
    using Lane = std::pair<SessionId, std::uint16_t>;
    std::map<Lane, std::vector<Applied>> commits_;
    bool is_complete_ = false;
};

}  // namespace ringside::broker
