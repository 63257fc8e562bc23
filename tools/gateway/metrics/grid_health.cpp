#include "tools/gateway/metrics/grid_health.hpp"

#include <fmt/format.h>

#include <chrono>

#include "shm/segment/segment.hpp"

namespace ringside::gateway {

std::optional<Problem> grid_problem(const std::string& grid) {
    constexpr std::chrono::seconds retry_after{1};
    const auto no_broker = [&](std::string detail) {
        return Problem{503, "no_broker", std::move(detail), retry_after};
    };
    const auto segment = shm::Segment::open(grid);
    if (!segment) return no_broker(segment.error().text());
    const shm::Header& header = segment->view().header();
    // SYNC grid-state: pairs with the broker's store of `serving`, and of the end.
    const auto state = header.broker.state.load(std::memory_order_acquire);
    if (state != static_cast<std::uint32_t>(shm::GridState::serving)) {
        return no_broker("the grid's broker is not serving");
    }
    const std::chrono::nanoseconds beat(
        static_cast<std::int64_t>(header.broker.heartbeat_ns.load(std::memory_order_relaxed)));
    const auto age = std::chrono::system_clock::now().time_since_epoch() - beat;
    if (age > heartbeat_age_max) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
        return no_broker(fmt::format("no answer from the grid's broker for {} s", seconds));
    }
    if (header.store.is_failing.load(std::memory_order_relaxed) != 0) {
        return Problem{
            503, "read_only",
            "the grid is read-only because its store is failing; writes resume automatically",
            retry_after};
    }
    return std::nullopt;
}

}  // namespace ringside::gateway
