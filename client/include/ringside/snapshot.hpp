#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "ringside/query.hpp"
#include "ringside/record.hpp"
#include "ringside/record_cursor.hpp"
#include "ringside/rows.hpp"

namespace ringside {

/// Options of a snapshot.
struct SnapshotOptions {
    std::optional<Revision> revision{};  ///< default: the newest
    /// Maximum time open, at most `limits::pin_lease_ms_max`. Zero: the default of 10 s.
    std::chrono::milliseconds lease{0};
};

/// The grid as of one revision, while writers continue.
///
/// Pins the revision: its records stay in memory until the snapshot is destroyed or its lease ends.
/// After that, every call returns snapshot_expired.
/// Thread safety: every member may be called from several threads concurrently.
class Snapshot {
public:
    class Impl;

    Snapshot(Snapshot&&) noexcept;
    Snapshot& operator=(Snapshot&&) noexcept;
    ~Snapshot();

    /// Revision that the snapshot shows.
    [[nodiscard]] Revision revision() const noexcept;

    /// Returns a record. The view is valid as long as the Snapshot.
    /// Errors: not_found, bad_name, name_too_long, snapshot_expired.
    [[nodiscard]] Result<RecordView> get(std::string_view name) const;

    /// See Client::get_many.
    Result<void> get_many(std::span<const std::string_view> names,
                          const std::function<void(std::size_t, const RecordView*)>& each) const;

    /// Calls `each(record)` for every record whose name matches the glob pattern (`*`: one level,
    /// `**`: any number), in byte order of names. Stops early if `each` returns false.
    /// Cost: a pattern with a literal prefix visits only the names that begin with it.
    /// Errors: bad_pattern, snapshot_expired (what `each` saw since the last check may be invalid).
    Result<void> scan(std::string_view pattern,
                      const std::function<bool(const RecordView&)>& each) const;

    /// Scans all names that begin with `prefix`, at memory speed: calls `each` with batches of up
    /// to 64 prefetched records. The prefix "" means all names except system names, which begin
    /// with `$`.
    /// Errors: those of `scan`.
    Result<void> scan_prefix(std::string_view prefix,
                             const std::function<bool(std::span<const RecordView>)>& each) const;

    /// Returns a cursor that fetches the matching records in the range in batches. The cursor must
    /// not outlive the Snapshot. Cost: that of `scan`, without a call per record.
    /// Errors: bad_pattern, snapshot_expired.
    [[nodiscard]] Result<RecordCursor> cursor(std::string_view pattern, NameRange range = {}) const;

    /// Same, but skips records that a secondary index excludes by the predicate. Does not evaluate
    /// the predicate on records. Further errors: those of the predicate.
    [[nodiscard]] Result<RecordCursor> cursor(std::string_view pattern, const Predicate& predicate,
                                              NameRange range = {}) const;

    /// Returns whether a secondary index on the field is usable for this pattern in this snapshot.
    [[nodiscard]] bool is_indexed(std::string_view pattern, const Field& field) const;

    /// Runs a query. Cost: on one thread, that of a loop over the same records. Starts threads if
    /// the query asks for several.
    /// Errors: bad_pattern, bad_pointer, bad_query, query_too_large, snapshot_expired.
    [[nodiscard]] Result<Rows> run(const Query& query) const;

    /// Returns a handle to a record of this snapshot.
    [[nodiscard]] RecordHandle handle(const RecordView& record) const noexcept;
    [[deprecated("use handle")]] [[nodiscard]] RecordHandle mark(
        const RecordView& record) const noexcept {
        return handle(record);
    }
    /// Returns the record of a handle, valid as long as the Snapshot. The name is empty if the pin
    /// was revoked and the memory was reused.
    [[nodiscard]] RecordView record(RecordHandle handle) const noexcept;
    /// Starts loading what `record` reads, so that cache misses overlap.
    void prefetch(RecordHandle handle) const noexcept;

    /// Returns snapshot_expired if the pin was revoked.
    [[nodiscard]] Result<void> check() const;

private:
    friend class Client;
    explicit Snapshot(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
