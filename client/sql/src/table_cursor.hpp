#pragma once

#include <sqlite3.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access.hpp"
#include "column_lookup.hpp"
#include "column_reader.hpp"
#include "grouping.hpp"
#include "session.hpp"

namespace ringside::sql {

/// What SQLite moves over the rows of a table. Thread safety: one thread.
class TableCursor : public sqlite3_vtab_cursor {
public:
    TableCursor(Session& session, const TableSpec& table);

    /// Begins with the first row. Errors: snapshot_expired, those of the guard.
    Result<void> filter(const Access& access, std::span<sqlite3_value*> values);
    /// Errors: as `filter`.
    Result<void> next();
    [[nodiscard]] bool is_at_end() const noexcept { return is_at_end_; }

    void give_column(sqlite3_context* context, std::size_t column);
    /// Unique within the snapshot.
    [[nodiscard]] sqlite3_int64 row_id() noexcept;

    /// The row's record; valid while the row is.
    [[nodiscard]] const RecordView& record() noexcept;

    /// Releases what it reads, but for lookups.
    void rewind();
    /// Releases the lookups: the statement has ended.
    void forget_lookups() noexcept { lookups_.clear(); }

private:
    void narrow(const Condition& condition, sqlite3_value* value);
    void narrow_to_any(const Condition& condition, sqlite3_value* list);
    Result<void> take_handed();
    Result<void> begin_scope();
    Result<void> find_one(const std::string& name, const std::string& pattern);
    Result<void> next_in_batch();
    /// The records of a scope; none: no name has such levels.
    [[nodiscard]] Result<std::optional<RecordCursor>> records_of(const Scope& scope) const;
    Result<void> group(const std::vector<GroupColumn>& columns);
    /// The condition by which the rows can be looked up; null: there is none.
    [[nodiscard]] const Condition* lookup_of(const Access& access,
                                             std::span<sqlite3_value*> values) const;
    [[nodiscard]] const ColumnSpec& column_of(const Condition& condition) const;
    Result<void> look_up(std::unique_ptr<ColumnLookup>& lookup, const Condition& condition,
                         sqlite3_value* value);

    Session& session_;
    const TableSpec& table_;
    std::vector<ColumnReader> readers_;
    std::vector<Scope> scopes_;  ///< that are to be read, one after the other; disjoint
    std::size_t scope_at_ = 0;   ///< the next one
    Predicate predicate_;        ///< of all scopes
    std::optional<RecordCursor> cursor_;
    std::optional<Grouping> grouping_;
    /// Lookups by how the table is accessed; made when an access is repeated.
    std::map<std::string, std::unique_ptr<ColumnLookup>> lookups_;
    std::vector<RecordMark> found_;  ///< by a lookup
    bool is_lookup_ = false;
    std::span<const RecordView> batch_;
    std::size_t at_ = 0;
    RecordView one_;                ///< found by its name, or of the row of a group
    bool is_record_known_ = false;  ///< `one_` is that of the row
    bool is_at_end_ = true;
    std::string text_;
};

}  // namespace ringside::sql
