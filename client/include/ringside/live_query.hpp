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

/// How the result of a live query is made of records: what a Query says, or somebody else's rows,
/// SQLite's for example.
struct LiveDescription {
    /// One column of a group behind its keys.
    struct Column {
        Aggregate::Kind kind;
        /// Which of the values behind the keys. None: `count` is of the records; with one it is of
        /// those where that value is not null.
        std::optional<std::size_t> input{};
    };
    /// Puts the values of a record into `row`, which is empty. False: the record does not belong to
    /// the result. An error is that of the live query, for good. Called by the thread that uses the
    /// live query. Of groups: the keys, then what the aggregates are computed of.
    using RowOf =
        std::function<Result<bool>(const RecordView& record, std::vector<OwnedScalar>& row)>;

    std::string pattern;
    std::vector<std::string> columns;  ///< names
    RowOf row_of;
    bool is_grouped = false;              ///< otherwise there is a row for each record
    std::size_t key_count = 0;            ///< without keys there is one group, always
    std::vector<Column> aggregates = {};  ///< behind the keys in each row
    /// What is true of every record of the result, so that a secondary index may tell which those
    /// are when all of them are read. `row_of` is asked of each in any case.
    Predicate narrowing = {};
    /// Of groups: which of the keys and aggregates, counted through, each column shows. None: all
    /// of them, in their order.
    std::vector<std::size_t> shown = {};

    /// Errors: those of `Query::check`, bad_query for one with `top` or `limit`.
    static Result<LiveDescription> of(const Query& query);
};

struct LiveOptions {
    /// How long a snapshot for the state at the start, or after a lag, may be open.
    std::chrono::milliseconds lease{60'000};
};

/// What has become of a row.
struct LiveChange {
    enum class Kind : std::uint8_t { added, changed, removed };
    Kind kind;
    std::vector<OwnedScalar> key;  ///< of the group; of a record its name
    std::vector<OwnedScalar> row;  ///< as it is now; what it was, where it was removed
};

/// The step from one revision's result to a later one's. Valid until the next call.
struct LiveUpdate {
    Revision revision;
    std::span<const LiveChange> changes;  ///< at least one; at most one of each key
    /// The watch was lapped, or the grid begun anew, and all records have been read again. The
    /// changes are right all the same.
    bool is_rescanned;
};

/// The result of a query, kept up to date from the change ring. Made by `Client::live_query`.
///
/// Of each record in the result it remembers its values (of groups: what its aggregates are
/// computed of), so that a change costs the same whatever the number of records: the old
/// contribution is taken away, the new one added. Least, greatest and distinct values are kept in a
/// sorted multiset for each group.
///
/// Invariant: what it shows is the result of the query at exactly one revision, `revision()`, with
/// all changes of a commit or none of them.
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

    /// The result as of `revision()`: what `Snapshot::run` would give; values that are equal may
    /// differ in type, as 1 and 1.0 do. Cost: that of copying and sorting it.
    [[nodiscard]] Rows rows() const;
    [[nodiscard]] Revision revision() const noexcept;

    /// Takes in what has happened since, without waiting; when much has, a part of it, up to the
    /// end of a commit. Errors: would_block (no row has changed up to `revision()`),
    /// connection_lost, live_query_too_large (for good: it would remember more than
    /// `limits::live_query_bytes_max`), those of LiveDescription::RowOf (for good, too), and, where
    /// it has to read all records again, those of `Client::snapshot`.
    Result<LiveUpdate> poll();

    /// Waits until a row changes. Errors: timed_out, as `poll` otherwise.
    Result<LiveUpdate> next(std::chrono::milliseconds timeout);

    /// As Watch::descriptor: call `poll` until would_block, then wait for it.
    Result<int> descriptor();

    class Impl;

private:
    friend class Client;
    explicit LiveQuery(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
