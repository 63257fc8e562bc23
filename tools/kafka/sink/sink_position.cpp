// Stores a sink's position, and reports its state.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "tools/kafka/sink/grid_error.hpp"
#include "tools/kafka/sink/sink.hpp"

namespace ringside::kafka {

namespace {

/// The position also advances if nothing is sent, but not for each write of this record or of the
/// report.
constexpr Revision silent_revisions_max = 64;

}  // namespace

/// Writes how far Kafka has everything, if that has changed.
Result<void> Sink::keep_position(bool is_last) {
    // While the state is being sent, nothing after the former position is complete.
    const Revision read_up_to = gap_ || !watch_ ? position_.revision : watch_->delivered();
    position_.revision = std::max(position_.revision, outbox_.complete(read_up_to));
    const Revision silent_max = is_last ? 0 : silent_revisions_max;
    const bool has_told = outbox_.acknowledged() != acknowledged_written_;
    if (position_.revision == position_written_) return {};
    if (!has_told && position_.revision <= position_written_ + silent_max) return {};
    const auto written = position_record_.write(position_);
    if (written) {
        position_written_ = position_.revision;
        acknowledged_written_ = outbox_.acknowledged();
        position_trouble_.clear();
        return {};
    }
    const Error& error = written.error();
    if (error.code == Errc::condition_failed) return fenced();
    if (!is_passing(error.code)) return error;
    position_trouble_ = error.text();  // the next call writes it
    return {};
}

Result<void> Sink::check_own() const {
    const auto own = position_record_.is_own();
    if (own && !*own) return fenced();
    return {};
}

Error Sink::fenced() const {
    return {Errc::condition_failed, "another process runs sink '" + options_.name +
                                        "' and has taken over; run each sink once"};
}

std::string Sink::reason_to_wait() const {
    if (std::string trouble = outbox_.trouble(); !trouble.empty()) return trouble;
    return trouble_.empty() ? position_trouble_ : trouble_;
}

/// Troubles are logged when they begin and end.
void Sink::report_as_it_is() {
    const std::string reason = reason_to_wait();
    if (is_waiting_ != !reason.empty()) {
        is_waiting_ = !reason.empty();
        if (is_waiting_) spdlog::warn("sink '{}' is waiting: {}", options_.name, reason);
        else spdlog::info("sink '{}' resumes", options_.name);
    }
    if (is_waiting_) return report("waiting", reason);
    report(gap_ ? "snapshot" : "running", {});
}

void Sink::report(std::string_view state, const std::string& reason) {
    const Revision newest = client_.revision();
    SinkReport made{.state = state,
                    .reason = reason,
                    .revision = position_.revision,
                    .behind = newest - std::min(newest, position_.revision),
                    .pending = outbox_.pending(),
                    .counters = counters_};
    const auto written = report_record_.write(made);
    if (!written) spdlog::debug("sink '{}': {}", options_.name, written.error().text());
}

}  // namespace ringside::kafka
