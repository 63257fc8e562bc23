#include "tools/support/undo_plan.hpp"

#include <map>

namespace ringside::tools {

namespace {

/// Iterates over the records of a cursor one by one.
class Records {
public:
    explicit Records(RecordCursor cursor) : cursor_(std::move(cursor)) { refill(); }

    /// Null at the end.
    [[nodiscard]] const RecordView* current() const noexcept {
        return at_ < batch_.size() ? &batch_[at_] : nullptr;
    }
    void advance() {
        if (++at_ >= batch_.size()) refill();
    }

private:
    void refill() {
        batch_ = cursor_.next().value();
        at_ = 0;
    }

    RecordCursor cursor_;
    std::span<const RecordView> batch_;
    std::size_t at_ = 0;
};

/// The sessions that have changed a record since the older snapshot.
struct Changers {
    bool has_session = false;
    bool has_others = false;
};
using ChangersByName = std::map<std::string, Changers, std::less<>>;

/// Reads the changes between the two snapshots from the change ring. Expiries count for no session.
ChangersByName read_changers(const Client& client, const Snapshot& before, const Snapshot& now,
                             const UndoSelection& selection) {
    ChangersByName changers;
    WatchOptions options;
    options.mode = WatchMode::every;
    options.from = before.revision() + 1;
    options.is_interest = false;
    Watch watch = client.watch(selection.pattern, std::move(options)).value();
    for (;;) {
        const auto event = watch.poll();
        if (!event) {
            if (event.error() == Errc::would_block) return changers;
            throw Exception(event.error());
        }
        if (event->kind == WatchKind::lagged) {
            throw Exception(Error(
                Errc::compacted, "the changes since revision " + std::to_string(before.revision()) +
                                     " were overwritten in the change ring meanwhile"));
        }
        if (event->record.revision() > now.revision()) return changers;
        if (event->session == 0) continue;
        Changers& record = changers[std::string(event->record.name())];
        (event->session == *selection.session ? record.has_session : record.has_others) = true;
    }
}

bool has_same_content(const RecordView& a, const RecordView& b) {
    if (a.revision() == b.revision() && a.version() == b.version()) return true;
    // An expiry is put back as a time to live, so it differs by the duration of the undo.
    constexpr std::uint64_t tolerance_ms = 1000;
    const auto [sooner, later] = std::minmax({a.expires_ms(), b.expires_ms()});
    const bool has_same_expiry = sooner == later || (sooner != 0 && later - sooner <= tolerance_ms);
    return has_same_expiry && a.document().is_same(b.document());
}

class Planner {
public:
    Planner(const Snapshot& before, std::optional<ChangersByName> changers, std::uint64_t now_ms)
        : before_(before), changers_(std::move(changers)), now_ms_(now_ms) {}

    /// Adds the step for one name; at least one of both records exists.
    void compare(const RecordView* then, const RecordView* now) {
        const bool has_expired =
            then != nullptr && then->expires_ms() != 0 && then->expires_ms() <= now_ms_;
        if (has_expired) then = nullptr;
        if (then == nullptr && now == nullptr) return;
        if (then != nullptr && now != nullptr && has_same_content(*then, *now)) return;
        const std::string_view name = then != nullptr ? then->name() : now->name();
        if (!is_selected(name)) return;
        plan.steps.push_back({.name = std::string(name),
                              .before = then == nullptr ? RecordHandle{} : before_.handle(*then),
                              .removes = then == nullptr,
                              .looked_at = now == nullptr ? 0 : now->revision()});
    }

    UndoPlan plan;

private:
    bool is_selected(std::string_view name) {
        if (!changers_) return true;
        const auto record = changers_->find(name);
        if (record == changers_->end() || !record->second.has_session) return false;
        if (record->second.has_others) plan.of_others.emplace_back(name);
        return !record->second.has_others;
    }

    const Snapshot& before_;
    std::optional<ChangersByName> changers_;
    std::uint64_t now_ms_;
};

}  // namespace

UndoPlan make_undo_plan(const Client& client, const Snapshot& before, const Snapshot& now,
                        const UndoSelection& selection,
                        std::chrono::system_clock::time_point clock) {
    const auto now_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(clock.time_since_epoch()).count());
    std::optional<ChangersByName> changers;
    if (selection.session) changers = read_changers(client, before, now, selection);
    Planner planner(before, std::move(changers), now_ms);
    Records then(before.cursor(selection.pattern).value());
    Records newest(now.cursor(selection.pattern).value());
    while (then.current() != nullptr || newest.current() != nullptr) {
        const RecordView* a = then.current();
        const RecordView* b = newest.current();
        const int order = a == nullptr ? 1 : b == nullptr ? -1 : a->name().compare(b->name());
        planner.compare(order <= 0 ? a : nullptr, order >= 0 ? b : nullptr);
        if (order <= 0) then.advance();
        if (order >= 0) newest.advance();
    }
    before.check().value();
    now.check().value();
    return std::move(planner.plan);
}

}  // namespace ringside::tools
