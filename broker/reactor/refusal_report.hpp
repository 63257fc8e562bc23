#pragma once

#include <array>
#include <cstdint>

#include "broker/daemon/folded_log.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Reports to the log what readers and writers were refused because of the grid's own state: no
/// room, a failing store, pins that were revoked. The engine counts these in the segment and does
/// not log; this class compares the counters. Thread safety: one thread.
class RefusalReport {
public:
    /// What was counted before, by a former broker, is not reported. `log` must outlive this.
    RefusalReport(const shm::SegmentView& segment, daemon::FoldedLog& log);

    /// Writes a line for each kind of refusal that was counted since the last call; the log folds
    /// them. Called about once a second, and when the engine has stopped.
    void report();

private:
    struct Kind {
        Errc code;
        const char* text;
    };
    static const std::array<Kind, 5> kinds;

    [[nodiscard]] std::uint64_t refused(Errc code) const noexcept;
    [[nodiscard]] std::uint64_t pins_revoked() const noexcept;

    shm::SegmentView segment_;
    daemon::FoldedLog* log_;
    std::array<std::uint64_t, limits::refusal_codes> reported_{};
    std::uint64_t pins_reported_ = 0;
};

}  // namespace ringside::broker
