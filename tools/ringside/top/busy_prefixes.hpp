#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shm/ring/change_ring.hpp"

namespace ringside::tools {

/// The changes below a common prefix of names.
struct PrefixShare {
    std::string prefix;  ///< at most two levels with a '/' at the end, or a whole name
    double share = 0;    ///< of all changes, 0 to 1
};

/// Finds the name prefixes with the most changes. Follows the change ring without a session.
class BusyPrefixes {
public:
    /// Maximum number of changes that one call reads, the newest ones.
    static constexpr std::uint64_t changes_max = 16'384;

    /// Counts changes from now on.
    explicit BusyPrefixes(const shm::SegmentView& segment) : ring_(segment), next_(ring_.head()) {}

    /// Returns the prefixes of the changes since the last call, the busiest first. Omits events,
    /// and changes that the ring has released meanwhile.
    [[nodiscard]] std::vector<PrefixShare> take(const shm::SegmentView& segment);

private:
    shm::ChangeRingReader ring_;
    Position next_;
};

/// Returns the prefix to which a name belongs: "event/42/" for "event/42/seat/A12", "a/" for "a/b",
/// "a" for "a".
[[nodiscard]] std::string_view counted_prefix(std::string_view name) noexcept;

}  // namespace ringside::tools
