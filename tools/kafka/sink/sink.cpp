#include "tools/kafka/sink/sink.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <utility>

#include "tools/kafka/kafka/reachability.hpp"
#include "tools/kafka/sink/grid_error.hpp"

namespace ringside::kafka {

namespace {

using std::chrono::milliseconds;

constexpr auto back_off_min = milliseconds(200);
constexpr auto back_off_max = milliseconds(5000);
constexpr auto grid_retry = milliseconds(50);
/// Wait while acknowledgements are missing, and while none are.
constexpr auto wait_for_kafka = milliseconds(20);
constexpr auto wait_for_changes = milliseconds(200);
constexpr int changes_per_go = 256;
/// Well below the lease of a watch's pin: an event encoded within this time was read intact.
constexpr auto encode_time_max = std::chrono::seconds(5);

/// Precise to a few milliseconds; cheaper than the exact time.
std::chrono::nanoseconds rough_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

Sink::Sink(Client& client, SinkOptions options, const std::string& member)
    : client_(client),
      options_(std::move(options)),
      selection_(options_.patterns, options_.name),
      position_record_(client, options_.name, member),
      report_record_(client, options_.name, member),
      outbox_(options_, counters_),
      message_(options_) {}

Result<void> Sink::run(std::stop_token stop, std::function<void()> on_ready) {
    stop_ = std::move(stop);
    on_ready_ = std::move(on_ready);
    const auto begun = wait_to_take_over();
    if (!begun) return ended(begun.error());
    if (*begun == Next::stop) {
        end(nullptr);
        return {};
    }
    spdlog::info("sink '{}' resumes after revision {}", options_.name, position_.revision);
    for (;;) {
        const std::uint64_t acknowledged = outbox_.acknowledged();
        auto next = work();
        if (!next) return ended(next.error());
        if (*next == Next::stop) break;
        ++counters_.retries;
        if (gap_) gap_->is_missed = true;  // part of the state may have been sent
        if (outbox_.acknowledged() != acknowledged) back_off_ = milliseconds(0);
        outbox_.close();
        watch_.reset();  // it has read beyond the complete revisions
        back_off_ = std::clamp(back_off_ * 2, back_off_min, back_off_max);
        report_as_it_is();
        pause(back_off_);
        if (stop_.stop_requested()) break;
        if (auto opened = outbox_.open(); !opened) return ended(opened.error());
    }
    end(nullptr);
    return {};
}

/// The former owner of the position, or another new one, may write it at the same time.
Result<Sink::Next> Sink::wait_to_take_over() {
    while (!stop_.stop_requested()) {
        auto taken = take_over();
        if (taken) {
            trouble_.clear();
            back_off_ = milliseconds(0);
            return Next::go_on;
        }
        const Error& error = taken.error();
        if (!is_passing(error.code) && error.code != Errc::condition_failed) return error;
        trouble_ = error.text();
        report_as_it_is();
        back_off_ = std::clamp(back_off_ * 2, back_off_min, back_off_max);
        pause(back_off_);
    }
    return Next::stop;
}

/// Takes over the position in the grid, or begins with a new one.
Result<void> Sink::take_over() {
    const auto found = position_record_.take_over();
    if (!found) return found.error();
    position_ = found->value_or(SinkPosition());
    position_written_ = position_.revision;
    if (position_.revision != 0) return {};
    auto watch =
        client_.watch(selection_.widest(), {.mode = WatchMode::every, .is_interest = false});
    if (!watch) return watch.error();
    position_.boot_id = watch->epoch();
    // If there is a record without a revision, an earlier run may have sent part of the state.
    if (*found || options_.start == SinkStart::snapshot) {
        gap_ = Gap{.is_missed = found->has_value()};
        return {};
    }
    position_.revision = position_written_ = watch->delivered();
    return position_record_.write(position_);
}

Result<Sink::Next> Sink::work() {
    if (!gap_) {
        auto begun = begin_watch();
        if (!begun || *begun != Next::go_on) return begun;
    }
    for (;;) {
        auto next = gap_ ? send_state() : follow();
        if (!next || *next != Next::go_on) return next;
    }
}

/// Begins after the position, if that is still possible.
Result<Sink::Next> Sink::begin_watch() {
    auto watch = client_.watch(
        selection_.widest(),
        {.mode = WatchMode::every, .from = position_.revision + 1, .is_interest = false});
    // A position beyond the newest revision belongs to an earlier grid.
    const bool is_gap =
        !watch && (watch.error() == Errc::compacted || watch.error() == Errc::future_revision);
    if (!watch && !is_gap) return failed(watch.error());
    if (watch && watch->epoch() == position_.boot_id) {
        watch_ = *std::move(watch);
        say_ready();
        return Next::go_on;
    }
    gap_ = Gap{};
    return Next::go_on;
}

/// Sends changes until there is a gap.
Result<Sink::Next> Sink::follow() {
    while (!gap_) {
        auto due = chores();
        if (!due || *due != Next::go_on) return due;
        auto asked_at = rough_now();
        auto event = watch_->poll();
        for (int read = 0; event && !gap_ && read < changes_per_go; ++read) {
            auto next = take(*event, asked_at);
            if (!next || *next != Next::go_on) return next;
            asked_at = rough_now();
            event = watch_->poll();
        }
        if (!event && event.error().code == Errc::would_block) {
            asked_at = rough_now();
            event = watch_->next(outbox_.is_empty() ? wait_for_changes : wait_for_kafka);
        }
        trouble_.clear();
        if (gap_) break;
        if (event) {
            auto next = take(*event, asked_at);
            if (!next || *next != Next::go_on) return next;
            continue;
        }
        const Error& error = event.error();
        // An event that had to wait for room may be kept beyond its lease: it was encoded before.
        if (error.code == Errc::timed_out || error.code == Errc::snapshot_expired) continue;
        if (!is_passing(error.code)) return error;
        trouble_ = error.text();  // the watch finds the next grid
        pause(grid_retry);
    }
    return Next::go_on;
}

/// `asked_at` is a time before the watch returned the event.
Result<Sink::Next> Sink::take(const WatchEvent& event, std::chrono::nanoseconds asked_at) {
    if (event.kind == WatchKind::lagged) {
        gap_ = Gap{.missed = event.missed};
        return Next::go_on;
    }
    const bool is_ours = selection_.matches(event.record.name());
    const OutgoingMessage* message = is_ours ? &message_.of(event) : nullptr;
    const Revision revision = event.record.revision();
    // A process that was suspended meanwhile may have read reused memory.
    if (rough_now() - asked_at > encode_time_max) return Next::go_back;
    return is_ours ? send(*message, revision, Outbox::Part::change) : Next::go_on;
}

/// Waits while there is no room.
Result<Sink::Next> Sink::send(const OutgoingMessage& message, Revision revision,
                              Outbox::Part part) {
    for (;;) {
        const auto taken = outbox_.add(message, revision, part);
        if (!taken) return taken.error();
        if (*taken) return Next::go_on;
        outbox_.poll(wait_for_kafka);
        auto due = chores();
        if (!due || *due != Next::go_on) return due;
    }
}

/// Periodic work.
Result<Sink::Next> Sink::chores() {
    if (stop_.stop_requested()) return Next::stop;
    outbox_.poll(milliseconds(0));
    const auto now = Clock::now();
    if (now >= position_due_) {
        position_due_ = now + position_interval;
        if (auto kept = keep_position(false); !kept) return kept.error();
    }
    if (now >= report_due_) {
        report_due_ = now + ReportRecord::interval;
        if (auto own = check_own(); !own) return own.error();
        outbox_.probe(probe_patience);
        report_as_it_is();
    }
    const auto back = outbox_.must_go_back(position_.revision);
    if (!back) return back.error();
    return *back ? Next::go_back : Next::go_on;
}

void Sink::say_ready() {
    if (const auto say = std::exchange(on_ready_, nullptr)) say();
}

void Sink::pause(milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop_, time, [] { return false; });
}

Error Sink::ended(const Error& failure) {
    end(&failure);
    return failure;
}

void Sink::end(const Error* failure) {
    const bool is_fenced = failure != nullptr && failure->code == Errc::condition_failed;
    if (!is_fenced) {
        if (!outbox_.flush(options_.stop_timeout)) {
            spdlog::warn(
                "sink '{}' stops before Kafka acknowledged all messages; the rest is sent again at "
                "the next start",
                options_.name);
        }
        if (auto kept = keep_position(true); !kept) {
            spdlog::error("sink '{}': {}", options_.name, kept.error().text());
        }
    }
    outbox_.close();
    if (failure != nullptr) return report("failed", plain(*failure));
    if (auto removed = report_record_.remove(); !removed) {
        spdlog::debug("sink '{}': {}", options_.name, removed.error().text());
    }
}

}  // namespace ringside::kafka
