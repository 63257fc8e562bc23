#pragma once

#include <algorithm>
#include <cstdint>

namespace ringside::broker {

/// Keeps costly requests from delaying cheap ones.
///
/// The cost of a request is the number of steps of its patches and of the division of its documents
/// into pages (see PatchBudget), plus one step for each 8 bytes of its message. A request of at
/// least `heavy_steps` is heavy; its session then counts as heavy for `heavy_session_ns`. Two rules
/// follow:
///   turn   A turn ends after the request with which its work exceeds `steps_per_turn`. The engine
///          publishes the commits and sends the replies before it continues.
///   rest   After a heavy request, heavy sessions are not served for `rest_factor` times its
///          duration, as long as other sessions send requests. Heavy requests then run one at a
///          time and take at most one part in `rest_factor + 1` of the engine's time.
/// Costs are counted, not measured, so that the same requests are always served in the same turns.
/// Thread safety: one thread.
class WorkShare {
public:
    static constexpr std::uint64_t ns_per_step = 20;
    static constexpr std::uint64_t message_bytes_per_step = 8;
    static constexpr std::uint64_t heavy_steps = 1'000'000 / ns_per_step;  ///< 1 ms
    static constexpr std::uint64_t steps_per_turn = heavy_steps;
    static constexpr std::uint64_t heavy_session_ns = 10'000'000'000;
    static constexpr std::uint64_t rest_factor = 3;
    static constexpr std::uint64_t rest_ns_max = 1'000'000'000;
    /// Time for which a request of another session counts as demand.
    static constexpr std::uint64_t others_ns = 10'000'000;

    /// Scheduling state of a session.
    struct Entry {
        std::uint64_t heavy_until_ns = 0;
    };

    void begin_turn(std::uint64_t now_ns) noexcept {
        now_ns_ = now_ns;
        steps_ = 0;
    }

    /// Accounts for a request that was served.
    void spend(Entry& session, std::uint64_t message_bytes, std::uint64_t patch_steps) noexcept {
        const std::uint64_t steps = patch_steps + message_bytes / message_bytes_per_step;
        steps_ += steps;
        if (steps < heavy_steps) {
            if (!is_heavy(session)) others_asked_ns_ = now_ns_;
            return;
        }
        session.heavy_until_ns = now_ns_ + heavy_session_ns;
        const std::uint64_t took_ns = steps * ns_per_step;
        rest_until_ns_ = now_ns_ + took_ns + std::min(rest_factor * took_ns, rest_ns_max);
        rest_began_ns_ = now_ns_;
    }

    [[nodiscard]] bool is_turn_over() const noexcept { return steps_ >= steps_per_turn; }

    /// Returns whether the session's requests must wait for those of other sessions.
    [[nodiscard]] bool must_rest(const Entry& session) const noexcept {
        if (!is_heavy(session)) return false;
        // A clock that was set back ends the rest.
        const bool is_resting = now_ns_ >= rest_began_ns_ && now_ns_ < rest_until_ns_;
        return is_resting && now_ns_ - others_asked_ns_ < others_ns;
    }

private:
    [[nodiscard]] bool is_heavy(const Entry& session) const noexcept {
        return now_ns_ < session.heavy_until_ns &&
               session.heavy_until_ns - now_ns_ <= heavy_session_ns;
    }

    std::uint64_t now_ns_ = 0;
    std::uint64_t steps_ = 0;  ///< of this turn
    std::uint64_t rest_began_ns_ = 0;
    std::uint64_t rest_until_ns_ = 0;
    std::uint64_t others_asked_ns_ = 0;
};

}  // namespace ringside::broker
