#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shm/base/types.hpp"

namespace ringside::testing {

/// An operation of one client. Times are from one clock for all clients, before and after the call.
struct Event {
    enum class Kind : std::uint8_t { write, read, snapshot };
    Kind kind = Kind::read;
    std::uint16_t record = 0;
    std::uint32_t group = 0;  ///< events of one transaction or snapshot share it; 0 = none
    std::int64_t began_ns = 0;
    std::int64_t ended_ns = 0;
    std::uint64_t value = 0;  ///< unique for each write; 0 = the record did not exist
    Version version = 0;
    Revision revision = 0;  ///< of the write, of the record read, or of the snapshot
};

/// Checks whether a history can be explained by operations that took effect one after the other,
/// each between its start and its end, with atomic transactions. Each write reports its place in
/// that order (its revision), so no search is needed: the reported order must agree with the times
/// and with all reads. Returns the first error, or nothing.
///
///   1  revisions are unique, except for the writes of one transaction; versions of a record are
///      consecutive
///   2  of two writes, the one that ended before the other started has the smaller revision
///   3  a read returned the value of a write that did not start after the read had ended, and
///      missed no write that had ended before the read started; of two successive reads of a
///      record, the later one did not see an earlier version
///   4  a snapshot contains for each record the last write up to its revision, misses no write that
///      had ended before it started, and contains none that started after it had ended
class HistoryCheck {
public:
    explicit HistoryCheck(std::vector<Event> events) : events_(std::move(events)) {
        std::stable_sort(events_.begin(), events_.end(),
                         [](const Event& a, const Event& b) { return a.began_ns < b.began_ns; });
        for (const Event& event : events_) {
            if (event.kind == Event::Kind::write) writes_[event.record].push_back(&event);
        }
        for (auto& [record, writes] : writes_) {
            std::sort(writes.begin(), writes.end(),
                      [](const Event* a, const Event* b) { return a->version < b->version; });
        }
    }

    [[nodiscard]] std::string run() {
        check_order();
        check_real_time();
        for (const Event& event : events_) {
            if (event.kind == Event::Kind::write) continue;
            check_seen(event);
        }
        check_reads_in_turn();
        return wrong_;
    }

private:
    void fail(const std::string& what, const Event& event) {
        if (!wrong_.empty()) return;
        wrong_ = what + ": record " + std::to_string(event.record) + ", version " +
                 std::to_string(event.version) + ", revision " + std::to_string(event.revision);
    }

    void check_order() {
        std::map<Revision, const Event*> by_revision;
        for (const auto& [record, writes] : writes_) {
            for (std::size_t i = 0; i < writes.size(); ++i) {
                const Event& write = *writes[i];
                if (write.version != i + 1) return fail("a version is missing or twice", write);
                if (i > 0 && write.revision <= writes[i - 1]->revision) {
                    return fail("versions and revisions disagree", write);
                }
                const auto [place, is_first] = by_revision.emplace(write.revision, &write);
                const bool is_same_transaction =
                    write.group != 0 && place->second->group == write.group;
                if (!is_first && !is_same_transaction) return fail("a revision twice", write);
            }
        }
        std::map<std::uint32_t, Revision> transactions;
        for (const Event& event : events_) {
            if (event.kind != Event::Kind::write || event.group == 0) continue;
            const auto [place, is_first] = transactions.emplace(event.group, event.revision);
            if (place->second != event.revision) return fail("a transaction was torn", event);
        }
    }

    /// Checks against the greatest revision of the operations that ended before each start.
    void check_real_time() {
        std::vector<const Event*> by_end;
        for (const Event& event : events_) {
            if (event.kind == Event::Kind::write) by_end.push_back(&event);
        }
        std::sort(by_end.begin(), by_end.end(),
                  [](const Event* a, const Event* b) { return a->ended_ns < b->ended_ns; });
        std::size_t ended = 0;
        Revision done = 0;
        for (const Event& event : events_) {  // in the order of their starts
            for (; ended < by_end.size() && by_end[ended]->ended_ns < event.began_ns; ++ended) {
                done = std::max(done, by_end[ended]->revision);
            }
            if (event.kind == Event::Kind::write && event.revision <= done) {
                return fail("a write comes before one that had ended", event);
            }
            if (event.kind == Event::Kind::snapshot && event.revision < done) {
                return fail("a snapshot misses a write that had ended", event);
            }
        }
    }

    /// Checks what a read or a snapshot saw of one record.
    void check_seen(const Event& event) {
        const auto place = writes_.find(event.record);
        static const std::vector<const Event*> none;
        const auto& writes = place == writes_.end() ? none : place->second;
        if (event.version > writes.size()) return fail("what nobody wrote was read", event);
        if (event.version == 0) {
            if (event.value != 0) return fail("a value without a version", event);
        } else {
            const Event& write = *writes[event.version - 1];
            if (write.value != event.value) return fail("another value was read", event);
            if (write.began_ns > event.ended_ns) return fail("it was read before its time", event);
        }
        if (event.version == writes.size()) return;
        const Event& next = *writes[event.version];
        if (next.ended_ns < event.began_ns) return fail("an older version was read", event);
        if (event.kind != Event::Kind::snapshot) return;
        if (next.revision <= event.revision) return fail("a snapshot is not one instant", event);
        if (event.version > 0 && writes[event.version - 1]->revision > event.revision) {
            fail("a snapshot is not one instant", event);
        }
    }

    /// Checks in the order of the starts, with the greatest version of the reads that had ended by
    /// then.
    void check_reads_in_turn() {
        std::map<std::uint16_t, std::vector<const Event*>> reads;
        for (const Event& event : events_) {
            if (event.kind == Event::Kind::read) reads[event.record].push_back(&event);
        }
        for (const auto& [record, in_order] : reads) {
            auto by_end = in_order;
            std::sort(by_end.begin(), by_end.end(),
                      [](const Event* a, const Event* b) { return a->ended_ns < b->ended_ns; });
            std::size_t ended = 0;
            Version seen = 0;
            for (const Event* read : in_order) {
                for (; ended < by_end.size() && by_end[ended]->ended_ns < read->began_ns; ++ended) {
                    seen = std::max(seen, by_end[ended]->version);
                }
                if (read->version < seen) return fail("a later read saw less", *read);
            }
        }
    }

    std::vector<Event> events_;
    std::map<std::uint16_t, std::vector<const Event*>> writes_;
    std::string wrong_;
};

}  // namespace ringside::testing
