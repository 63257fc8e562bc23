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

/// SQLite's cursor over the rows of a table. Thread safety: one thread.
class TableCursor : public sqlite3_vtab_cursor {
public:
    TableCursor(Session& session, const TableSpec& table);

    /// Moves to the first row. Errors: snapshot_expired, those of the guard.
    Result<void> filter(const Access& access, std::span<sqlite3_value*> values);
    /// Errors: as `filter`.
    Result<void> next();
    [[nodiscard]] bool is_at_end() const noexcept { return is_at_end_; }

    void give_column(sqlite3_context* context, std::size_t column);
    /// Unique within the snapshot.
    [[nodiscard]] sqlite3_int64 row_id() noexcept;

    /// Returns the row's record; valid as long as the row.
    [[nodiscard]] const RecordView& record() noexcept;

    /// Releases what it reads.
    void rewind();

private:
    void narrow(const Condition& condition, sqlite3_value* value);
    void narrow_to_any(const Condition& condition, sqlite3_value* list);
    Result<void> take_handed();
    Result<void> begin_scope();
    Result<void> find_one(const std::string& name, const std::string& pattern);
    Result<void> next_in_batch();
    /// Returns the records of a scope, or none if no name has such levels.
    [[nodiscard]] Result<std::optional<RecordCursor>> records_of(const Scope& scope) const;
    Result<void> group(const std::vector<GroupColumn>& columns);
    /// Returns the condition by which rows can be looked up, or null if there is none.
    [[nodiscard]] const Condition* lookup_of(const Access& access,
                                             std::span<sqlite3_value*> values) const;
    [[nodiscard]] const ColumnSpec& column_of(const Condition& condition) const;
    Result<void> look_up(std::shared_ptr<ColumnLookup>& lookup, const Condition& condition,
                         sqlite3_value* value);

    Session& session_;
    const TableSpec& table_;
    std::vector<ColumnReader> readers_;
    std::vector<Scope> scopes_;  ///< to be read in turn; disjoint
    std::size_t scope_at_ = 0;   ///< the next one
    Predicate predicate_;        ///< for all scopes
    std::optional<RecordCursor> cursor_;
    std::optional<Grouping> grouping_;
    std::vector<RecordHandle> found_;  ///< by a lookup
    bool is_lookup_ = false;
    std::span<const RecordView> batch_;
    std::size_t at_ = 0;
    RecordView one_;                ///< found by its name, or that of the row of a group
    bool is_record_known_ = false;  ///< `one_` is that of the row
    bool is_at_end_ = true;
    std::string text_;
};

}  // namespace ringside::sql
