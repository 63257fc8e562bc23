#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/record.hpp"
#include "ringside/watch.hpp"

namespace ringside {

class Snapshot;

/// The process behind a session that has written something.
struct Writer {
    SessionId session = 0;  ///< 0: the broker itself, as for the expiry of a record
    /// Whether the members below have values. The identity of a session that ended is kept for a
    /// number of later ones (a 32nd of the entries of the change ring, at least 64). A restart that
    /// rebuilds the grid from its store forgets all of them.
    bool is_known = false;
    bool has_ended = false;  ///< the session is closed
    std::uint32_t pid = 0;   ///< 0: in another PID namespace than the broker
    std::uint32_t uid = 0;   ///< user of the process, as reported by the kernel
    std::uint32_t gid = 0;   ///< its group
    std::string program{};   ///< as stated by the process
    std::string user{};      ///< user for whom it acted, as stated by the process; empty: none

    [[nodiscard]] bool is_broker() const noexcept { return session == 0; }
};

/// One version of a record. Valid as long as its History.
struct HistoryVersion {
    /// Name, version, revision, time of the commit and document. No document after a deletion.
    RecordView record;
    /// What the commit did: `put`, `patch`, `remove` or `expire`. Nothing if the change ring no
    /// longer has the change, or has never had it: the record was restored from the store.
    std::optional<WatchKind> kind{};
    std::optional<Position> position{};  ///< in the change ring; set if `kind` is
    std::optional<Writer> writer{};      ///< set if `kind` is
};

/// Options of a history.
struct HistoryOptions {
    /// Maximum number of versions, the newest ones. 0: all.
    std::size_t versions_max = 0;
    /// Maximum time open, see SnapshotOptions.
    std::chrono::milliseconds lease{0};
};

/// The retained versions of one record, the newest first. Pins them while it exists.
///
/// A grid retains each change that is in its change ring, and the state before the oldest of them.
/// `--retain-entries`, `--retain-bytes` and the size of the ring limit how far that goes back;
/// `compact` and a full grid end it. A broker that takes over the segment continues the history. A
/// broker that rebuilds the grid from its store begins a new one: `began_at`.
///
///     const History history = client.history("event/42/seat/A12").value();
///     for (const HistoryVersion& one : history.versions())
///         if (one.writer) std::cout << one.record.revision() << ' ' << one.writer->program << '\n';
///
/// Thread safety: one thread at a time.
class History {
public:
    class Impl;

    History(History&&) noexcept;
    History& operator=(History&&) noexcept;
    ~History();

    [[nodiscard]] const std::vector<HistoryVersion>& versions() const noexcept;
    /// Returns whether older versions are retained that `versions_max` has left out.
    [[nodiscard]] bool has_more() const noexcept;
    /// Newest revision that was considered.
    [[nodiscard]] Revision revision() const noexcept;
    /// Oldest revision whose state is retained. What changed up to it is not known, except for the
    /// version that was the newest at that revision.
    [[nodiscard]] Revision retained_from() const noexcept;
    /// Revision at which this segment began: 0, or the one to which it was restored from a store.
    [[nodiscard]] Revision began_at() const noexcept;

    /// Returns snapshot_expired if the pin was revoked: documents may be invalid.
    [[nodiscard]] Result<void> check() const;

private:
    friend class Client;
    explicit History(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Who wrote the records of a Snapshot, as far as the change ring goes back.
/// Thread safety: one thread at a time. Must not outlive the Snapshot.
class RecordWriters {
public:
    class Impl;

    RecordWriters(RecordWriters&&) noexcept;
    RecordWriters& operator=(RecordWriters&&) noexcept;
    ~RecordWriters();

    /// Returns the writer of a record of the snapshot; null if the change ring does not have the
    /// change. Valid as long as this object.
    [[nodiscard]] const Writer* writer_of(const RecordView& record);

private:
    friend class Client;
    explicit RecordWriters(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
