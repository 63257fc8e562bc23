#pragma once

#include <sqlite3.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access.hpp"
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

    /// Gives up what it reads.
    void rewind();

private:
    Result<void> take_handed(Scope scope);
    Result<void> find_one(const std::string& name, const std::string& pattern);
    Result<void> next_in_batch();

    Session& session_;
    const TableSpec& table_;
    std::vector<ColumnReader> readers_;
    std::optional<RecordCursor> cursor_;
    std::optional<Grouping> grouping_;
    std::span<const RecordView> batch_;
    std::size_t at_ = 0;
    RecordView one_;                ///< found by its name, or of the row of a group
    bool is_record_known_ = false;  ///< `one_` is that of the row
    bool is_at_end_ = true;
    std::string text_;
};

}  // namespace ringside::sql
