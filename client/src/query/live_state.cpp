#include "live_state.hpp"

#include <algorithm>

#include "live_groups.hpp"
#include "live_records.hpp"

namespace ringside::query {

bool is_identical(Row a, Row b) noexcept {
    return std::ranges::equal(
        a, b, [](const OwnedScalar& x, const OwnedScalar& y) { return x.is_identical(y); });
}

std::size_t heap_bytes(Row values) noexcept {
    std::size_t bytes = values.size() * sizeof(OwnedScalar);
    for (const OwnedScalar& value : values) bytes += value.heap_bytes();
    return bytes;
}

std::unique_ptr<LiveState> LiveState::make(const LiveQuerySpec& description) {
    if (description.is_grouped) return std::make_unique<LiveGroups>(description);
    return std::make_unique<LiveRecords>();
}

}  // namespace ringside::query
