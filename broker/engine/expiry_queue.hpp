#pragma once

#include <limits>
#include <set>
#include <utility>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// The expiry times of all records with a time to live, in ascending order.
class ExpiryQueue {
public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    void add(std::uint64_t expires_ms, RecordId record) { due_.emplace(expires_ms, record); }
    void remove(std::uint64_t expires_ms, RecordId record) { due_.erase({expires_ms, record}); }

    [[nodiscard]] std::uint64_t next_ms() const noexcept {
        return due_.empty() ? never : due_.begin()->first;
    }
    [[nodiscard]] RecordId next_record() const noexcept { return due_.begin()->second; }

private:
    std::set<std::pair<std::uint64_t, RecordId>> due_;
};

}  // namespace ringside::broker
