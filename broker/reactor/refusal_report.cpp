#include "broker/reactor/refusal_report.hpp"

#include <fmt/format.h>

namespace ringside::broker {

const std::array<RefusalReport::Kind, 5> RefusalReport::kinds = {{
    {Errc::grid_full, "delete records, or restart the broker with a larger --memory"},
    {Errc::records_limit, "delete records, or restart the broker with a larger --memory"},
    {Errc::index_limit, "remove a secondary index first"},
    {Errc::read_only, "the store is failing; writes resume automatically"},
    {Errc::not_durable, "the store failed to write changes; they are written when it works again"},
}};

RefusalReport::RefusalReport(const shm::SegmentView& segment, daemon::FoldedLog& log)
    : segment_(segment), log_(&log), pins_reported_(pins_revoked()) {
    for (const Kind& kind : kinds) {
        reported_[static_cast<std::size_t>(kind.code)] = refused(kind.code);
    }
}

void RefusalReport::report() {
    using Level = daemon::FoldedLog::Level;
    const shm::Counters& counters = segment_.header().counters;
    for (const Kind& kind : kinds) {
        std::uint64_t& reported = reported_[static_cast<std::size_t>(kind.code)];
        const std::uint64_t count = refused(kind.code);
        if (count == reported) continue;
        reported = count;
        log_->line(Level::warning, std::string(name(kind.code)),
                   fmt::format("{} requests refused so far (heap {} MiB used of {} MiB); {}", count,
                               counters.heap_bytes_used.load(std::memory_order_relaxed) >> 20,
                               segment_.identity().heap.bytes >> 20, kind.text));
    }
    const std::uint64_t pins = pins_revoked();
    if (pins == pins_reported_) return;
    pins_reported_ = pins;
    log_->line(Level::warning, std::string(name(Errc::snapshot_expired)),
               fmt::format("{} pins revoked so far (snapshots held beyond their lease, or memory "
                           "was short); request longer leases, or read in shorter steps",
                           pins));
}

std::uint64_t RefusalReport::refused(Errc code) const noexcept {
    const auto& counts = segment_.header().counters.refused_by_code;
    return counts[static_cast<std::size_t>(code)].load(std::memory_order_relaxed);
}

std::uint64_t RefusalReport::pins_revoked() const noexcept {
    return segment_.header().counters.pins_revoked.load(std::memory_order_relaxed);
}

}  // namespace ringside::broker
