#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ringside/query.hpp"
#include "ringside/record.hpp"
#include "ringside/rows.hpp"

namespace ringside {

/// How records become the rows of a live query: as a Query says, or by another program such as
/// SQLite.
struct LiveQuerySpec {
    /// One aggregate column of a group, after the key columns.
    struct Column {
        Aggregate::Kind kind;
        /// Index of the input among the values after the keys. Without an input, `count` counts
        /// records. With an input, it counts the records whose value is not null.
        std::optional<std::size_t> input{};
    };
    /// Appends the values of a record to `row`, which is empty. Returns false if the record is not
    /// part of the result. An error ends the live query permanently. Called by the thread that uses
    /// the live query. With groups, the values are the keys, followed by the inputs of the
    /// aggregates.
    using RowOf =
        std::function<Result<bool>(const RecordView& record, std::vector<OwnedScalar>& row)>;

    std::string pattern;
    std::vector<std::string> columns;  ///< column names
    RowOf row_of;
    bool is_grouped = false;              ///< otherwise one row per record
    std::size_t key_count = 0;            ///< without keys there is always exactly one group
    std::vector<Column> aggregates = {};  ///< follow the keys in each row
    /// Condition that every record of the result meets. A secondary index may use it to select
    /// candidates for a full read. `row_of` still checks each candidate.
    Predicate narrowing = {};
    /// With groups: the key or aggregate shown by each column, as an index into keys, then
    /// aggregates. Empty: all of them, in order.
    std::vector<std::size_t> shown = {};

    /// Describes the result of a Query. Errors: those of `Query::check`; bad_query for `top` or
    /// `limit`.
    static Result<LiveQuerySpec> of(const Query& query);
};
using LiveDescription [[deprecated("use LiveQuerySpec")]] = LiveQuerySpec;

/// Options of a live query.
struct LiveOptions {
    /// Lease of the snapshot that reads all records, at the start or after `lagged`.
    std::chrono::milliseconds lease{60'000};
};

/// Change of one row.
struct LiveChange {
    enum class Kind : std::uint8_t { added, changed, removed };
    Kind kind;
    std::vector<OwnedScalar> key;  ///< key of the group, or name of the record
    std::vector<OwnedScalar> row;  ///< new values; for a removed row the last ones
};

/// Step from the result at one revision to the result at a later one. Valid until the next call.
struct LiveUpdate {
    Revision revision;
    std::span<const LiveChange> changes;  ///< at least one; at most one per key
    /// Whether all records were read again, because the watch was lapped or the grid was recreated.
    /// The changes are correct in either case.
    bool is_rescanned;
};

/// Result of a query, kept up to date from the change ring. Created by `Client::live_query`.
///
/// Keeps the values of each record in the result, or with groups the inputs of its aggregates. A
/// change subtracts the old contribution and adds the new one, so its cost does not depend on the
/// number of records. Minimum, maximum and distinct values use a sorted multiset per group.
///
/// Invariant: shows the result of the query at exactly one revision, `revision()`. All changes of a
/// commit are included, or none.
///
///     LiveQuery sales = client.live_query(scan("event/42/seat/*")
///                                             .group_by({"/status"})
///                                             .aggregate({count()})).value();
///     show(sales.rows());
///     while (auto update = sales.next(std::chrono::seconds(1)))
///         for (const LiveChange& change : update->changes) show(change);
///
/// Thread safety: one thread at a time.
class LiveQuery {
public:
    LiveQuery(LiveQuery&&) noexcept;
    LiveQuery& operator=(LiveQuery&&) noexcept;
    ~LiveQuery();

    /// Returns the result as of `revision()`, equal to that of `Snapshot::run`. Equal values may
    /// differ in type, such as 1 and 1.0. Cost: copies and sorts the result.
    [[nodiscard]] Rows rows() const;
    /// Revision up to which all changes are included.
    [[nodiscard]] Revision revision() const noexcept;

    /// Applies pending changes without waiting. Applies only some of a large backlog, up to the end
    /// of a commit.
    /// Errors: would_block (no row has changed up to `revision()`), connection_lost; those of
    /// `Client::snapshot` if all records must be read again. Permanent errors: live_query_too_large
    /// (more than `limits::live_query_bytes_max` would be kept), those of LiveQuerySpec::RowOf.
    Result<LiveUpdate> poll();

    /// Waits until a row changes. Errors: timed_out, otherwise those of `poll`.
    Result<LiveUpdate> next(std::chrono::milliseconds timeout);

    /// Returns a descriptor as Watch::descriptor does: call `poll` until would_block, then wait for
    /// it.
    Result<int> descriptor();

    class Impl;

private:
    friend class Client;
    explicit LiveQuery(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
