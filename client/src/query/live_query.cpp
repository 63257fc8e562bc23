#include "ringside/live_query.hpp"

#include <algorithm>

#include "live_state.hpp"
#include "ringside/client.hpp"
#include "shm/base/limits.hpp"
#include "shm/wait/deadline.hpp"

namespace ringside {

using query::LiveState;
using query::Values;

/// A watch in mode `every`, and the state that results from its changes.
///
/// At the start, and after `lagged`:
///   1  the watch is at a revision W
///   2  a snapshot is taken at S >= W, and the state is built from it
///   3  changes up to S, which the state already includes, are skipped
/// A change is applied together with all others of its commit before anything is delivered. The
/// commit is complete at the first change of a later commit, or when there are no more changes.
class LiveQuery::Impl {
public:
    Impl(Client client, Watch watch, LiveQuerySpec description, LiveOptions options)
        : client_(std::move(client)),
          watch_(std::move(watch)),
          description_(std::move(description)),
          options_(options) {}

    /// Errors: those of `poll` for reading all records.
    Result<void> begin() {
        auto state = read_all();
        if (!state) return state.error();
        state_ = std::move(*state);
        return {};
    }

    Result<LiveUpdate> poll() {
        return step([this] { return watch_.poll(); });
    }

    Result<LiveUpdate> next(std::chrono::milliseconds timeout) {
        const auto deadline = shm::Deadline::after(timeout);
        for (;;) {
            const auto left = deadline.left_ms();
            auto update = step([&] { return watch_.next(left); });
            if (update || update.error().code != Errc::would_block) return update;
            if (left.count() <= 0) return Error(Errc::timed_out);
        }
    }

    Result<int> descriptor() { return watch_.descriptor(); }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }

    [[nodiscard]] Rows rows() const {
        std::vector<std::pair<Values, Values>> sorted;
        state_->each([&](Row key, Row row) {
            sorted.emplace_back(Values(key.begin(), key.end()), Values(row.begin(), row.end()));
        });
        std::ranges::sort(sorted, {}, &std::pair<Values, Values>::first);
        Rows rows(revision_, description_.columns);
        for (const auto& [key, row] : sorted) rows.add(row);
        return rows;
    }

private:
    /// After this many changes, the rest waits for the next call.
    static constexpr std::size_t changes_max = 4096;

    /// A change of the commit after the last one delivered.
    struct Held {
        std::string name;
        std::optional<Values> values;
        Revision revision;
    };

    /// Makes every later call return this error.
    Error fail(const Error& error) {
        failure_ = error;
        return error;
    }

    /// `first` returns the first event, and may wait for it.
    template <class First>
    Result<LiveUpdate> step(const First& first) {
        try {
            return take_in(first);
        } catch (...) {
            // The callback that computes rows has thrown in the middle of a change.
            needs_rescan_ = true;
            throw;
        }
    }

    template <class First>
    Result<LiveUpdate> take_in(const First& first) {
        if (failure_) return *failure_;
        changes_.clear();
        if (needs_rescan_) return rescan();
        std::size_t taken = take_held();
        for (;; ++taken) {
            const auto event = taken == 0 ? first() : watch_.poll();
            if (!event) return stop(event.error());
            if (event->kind == WatchKind::lagged) return rescan();
            if (event->record.revision() <= revision_) continue;  // the snapshot included it
            if (taken >= changes_max && event->record.revision() > reached_) {
                if (auto held = hold(*event); !held) return stop_at_row(held.error());
                return tell(event->record.revision() - 1);
            }
            reached_ = event->record.revision();
            if (auto applied = apply(*state_, event->record); !applied)
                return stop_at_row(applied.error());
        }
    }

    std::size_t take_held() {
        if (!held_) return 0;
        state_->apply(held_->name, held_->values ? &*held_->values : nullptr);
        reached_ = held_->revision;
        held_.reset();
        return 1;
    }

    /// If the watch has no more events, every commit so far is complete. After another error that
    /// is uncertain, and what was taken in is delivered later.
    Result<LiveUpdate> stop(const Error& error) {
        // The memory of the last event may have been reused before it was read.
        if (error == Errc::snapshot_expired) return rescan();
        const Revision complete = std::max(reached_, watch_.delivered());
        if (error == Errc::would_block) return tell(complete);
        if (error == Errc::timed_out) revision_ = std::max(revision_, complete);
        return error;
    }

    /// No row could be computed for the last event. Reused memory can fail in any way.
    Result<LiveUpdate> stop_at_row(const Error& error) {
        const auto next = watch_.poll();
        if (!next && next.error() == Errc::snapshot_expired) return rescan();
        if (next && next->kind == WatchKind::lagged) return rescan();
        return fail(error);
    }

    Result<void> hold(const WatchEvent& event) {
        const auto values = values_of(event.record);
        if (!values) return values.error();
        held_ = Held{std::string(event.record.name()), std::nullopt, event.record.revision()};
        if (*values != nullptr) held_->values = **values;
        return {};
    }

    /// Returns null if the record does not belong to the result. Valid until the next call.
    /// Errors: those of `row_of`.
    [[nodiscard]] Result<const Values*> values_of(const RecordView& record) {
        values_.clear();
        if (!record.document().exists()) return nullptr;
        const auto is_part = description_.row_of(record, values_);
        if (!is_part) return is_part.error();
        return *is_part ? &values_ : nullptr;
    }
    Result<void> apply(LiveState& state, const RecordView& record) {
        const auto values = values_of(record);
        if (!values) return values.error();
        state.apply(record.name(), *values);
        return {};
    }

    Result<LiveUpdate> tell(Revision complete) {
        revision_ = std::max(revision_, complete);
        if (auto checked = check_bytes(*state_); !checked) return checked.error();
        state_->collect(changes_);
        if (changes_.empty()) return Error(Errc::would_block);
        return LiveUpdate{revision_, changes_, false};
    }

    Result<void> check_bytes(const LiveState& state) {
        if (state.bytes() <= limits::live_query_bytes_max) return {};
        return fail({Errc::live_query_too_large, std::to_string(state.bytes() >> 20) +
                                                     " MiB at revision " +
                                                     std::to_string(revision_)});
    }

    /// Reads the state at the newest revision, which becomes the revision of this query.
    Result<std::unique_ptr<LiveState>> read_all() {
        auto snapshot = client_.snapshot({.lease = options_.lease});
        if (!snapshot) return snapshot.error();
        auto state = LiveState::make(description_);
        if (auto filled = fill(*state, *snapshot); !filled) return filled.error();
        state->settle();
        revision_ = snapshot->revision();
        reached_ = revision_;
        return state;
    }
    Result<void> fill(LiveState& state, const Snapshot& snapshot) {
        auto records = snapshot.cursor(description_.pattern, description_.narrowing);
        if (!records) return records.error();
        for (;;) {
            const auto batch = records->next();
            if (!batch) return batch.error();
            if (batch->empty()) return {};
            for (const RecordView& record : *batch) {
                auto applied = apply(state, record);
                if (applied) continue;
                // Reused memory can fail in any way.
                if (auto checked = snapshot.check(); !checked) return checked;
                return fail(applied.error());
            }
            if (auto checked = check_bytes(state); !checked) return checked;
        }
    }

    /// Reads all records again and delivers the differences from the last delivered result.
    Result<LiveUpdate> rescan() {
        needs_rescan_ = true;
        held_.reset();
        auto fresh = read_all();
        if (!fresh) return fresh.error();
        needs_rescan_ = false;
        compare(**fresh);
        state_ = std::move(*fresh);
        if (changes_.empty()) return Error(Errc::would_block);
        return LiveUpdate{revision_, changes_, true};
    }
    void compare(const LiveState& fresh) {
        const auto add = [this](LiveChange::Kind kind, Row key, Row row) {
            changes_.push_back(
                {kind, Values(key.begin(), key.end()), Values(row.begin(), row.end())});
        };
        fresh.each([&](Row key, Row row) {
            const auto told = state_->find(key);
            if (!told) add(LiveChange::Kind::added, key, row);
            else if (!query::is_identical(*told, row)) add(LiveChange::Kind::changed, key, row);
        });
        state_->each([&](Row key, Row row) {
            if (!fresh.find(key)) add(LiveChange::Kind::removed, key, row);
        });
    }

    std::unique_ptr<LiveState> state_;
    Client client_;
    Watch watch_;
    const LiveQuerySpec description_;
    const LiveOptions options_;
    Revision revision_ = 0;  ///< of the last delivery
    Revision reached_ = 0;   ///< of the last change that was taken in
    bool needs_rescan_ = false;
    std::optional<Held> held_;
    std::optional<Error> failure_;  ///< permanent
    std::vector<LiveChange> changes_;
    Values values_;
};

LiveQuery::LiveQuery(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveQuery::LiveQuery(LiveQuery&&) noexcept = default;
LiveQuery& LiveQuery::operator=(LiveQuery&&) noexcept = default;
LiveQuery::~LiveQuery() = default;

Rows LiveQuery::rows() const { return impl_->rows(); }
Revision LiveQuery::revision() const noexcept { return impl_->revision(); }
Result<LiveUpdate> LiveQuery::poll() { return impl_->poll(); }
Result<LiveUpdate> LiveQuery::next(std::chrono::milliseconds timeout) {
    return impl_->next(timeout);
}
Result<int> LiveQuery::descriptor() { return impl_->descriptor(); }

Result<LiveQuery> Client::live_query(LiveQuerySpec description, LiveOptions options) const {
    auto watch = this->watch(description.pattern, {.mode = WatchMode::every});
    if (!watch) return watch.error();
    auto impl = std::make_unique<LiveQuery::Impl>(Client(impl_), std::move(*watch),
                                                  std::move(description), options);
    if (auto begun = impl->begin(); !begun) return begun.error();
    return LiveQuery(std::move(impl));
}

Result<LiveQuery> Client::live_query(const Query& query, LiveOptions options) const {
    auto description = LiveQuerySpec::of(query);
    if (!description) return description.error();
    return live_query(std::move(*description), options);
}

}  // namespace ringside
