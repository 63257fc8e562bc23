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

struct SnapshotOptions {
    std::optional<Revision> revision{};  ///< none: the newest
    std::chrono::milliseconds lease{0};  ///< how long it may stay open; 0: the default of 10 s
};

/// The grid as of one revision, while writers go on.
///
/// It pins that revision: what it shows stays in memory until it is destroyed or its lease runs
/// out; then every call gives snapshot_expired. Thread safety: every member may be called
/// from several threads at once.
class Snapshot {
public:
    class Impl;

    Snapshot(Snapshot&&) noexcept;
    Snapshot& operator=(Snapshot&&) noexcept;
    ~Snapshot();

    [[nodiscard]] Revision revision() const noexcept;

    /// Errors: not_found, bad_name, name_too_long, snapshot_expired.
    /// The view is valid while the Snapshot is.
    [[nodiscard]] Result<RecordView> get(std::string_view name) const;

    /// See Client::get_many.
    Result<void> get_many(std::span<const std::string_view> names,
                          const std::function<void(std::size_t, const RecordView*)>& each) const;

    /// Calls `each(record)` for every record whose name matches the glob pattern (`*` one level,
    /// `**` any levels), in byte order of names; `each` returns false to stop early.
    /// A pattern with a literal prefix costs no more than the names below it.
    /// Errors: bad_pattern, snapshot_expired (what `each` saw since the last check may be spoilt).
    Result<void> scan(std::string_view pattern,
                      const std::function<bool(const RecordView&)>& each) const;

    /// As `scan`, for every name that begins with `prefix` ("" = all but those of the grid itself,
    /// which begin with `$`), in batches, for code that
    /// wants memory speed: `each` is called with up to 64 records at a time, prefetched.
    Result<void> scan_prefix(std::string_view prefix,
                             const std::function<bool(std::span<const RecordView>)>& each) const;

    /// The records whose names match and are in the range, to be fetched a batch at a time; the
    /// cursor must not outlive the Snapshot. Cost: as `scan`, without a call per record.
    /// Errors: bad_pattern, snapshot_expired.
    [[nodiscard]] Result<RecordCursor> cursor(std::string_view pattern, NameRange range = {}) const;

    /// The same without records that cannot pass the predicate, as far as a secondary index tells
    /// which those are; the predicate is asked of none. Further errors: those of the predicate.
    [[nodiscard]] Result<RecordCursor> cursor(std::string_view pattern, const Predicate& predicate,
                                              NameRange range = {}) const;

    /// Whether queries of names that match have a secondary index on that field to use here.
    [[nodiscard]] bool is_indexed(std::string_view pattern, const Field& field) const;

    /// Answers a query. Cost: of one that is on one thread, what a loop over the same records
    /// costs; starts threads for one that is to have more of them. Errors: bad_pattern,
    /// bad_pointer, bad_query, query_too_large, snapshot_expired.
    [[nodiscard]] Result<Rows> run(const Query& query) const;

    /// What leads back to a record that this snapshot has shown.
    [[nodiscard]] RecordMark mark(const RecordView& record) const noexcept;
    /// The record of a mark, valid while the Snapshot is. One without a name where the pin was
    /// revoked and the memory holds something else.
    [[nodiscard]] RecordView record(RecordMark mark) const noexcept;
    /// Starts to load what `record` reads, so that many cache misses overlap.
    void prefetch(RecordMark mark) const noexcept;

    /// snapshot_expired when the pin was revoked.
    [[nodiscard]] Result<void> check() const;

private:
    friend class Client;
    explicit Snapshot(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
