#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <vector>

#include "access.hpp"
#include "column_reader.hpp"
#include "session.hpp"

namespace ringside::sql {

/// The rows of a scope by the value of one column. A join on a column without an index looks its
/// rows up here, like SQLite's automatic indexes for its own tables.
///
/// It returns every row that SQLite might find equal, whatever affinity it applies to the two
/// sides, and possibly others. Rows are stored by the hash of their value; texts that are integers
/// are also stored by the hash of the integer. Texts that may be other numbers ('4.20', ' 7') are
/// returned for each number.
///
/// Memory: 24 bytes per row, charged to the guard. Thread safety: one thread.
class ColumnLookup {
public:
    /// `column` must outlive it.
    ColumnLookup(Session& session, const ColumnSpec& column);
    ~ColumnLookup();
    ColumnLookup(const ColumnLookup&) = delete;
    ColumnLookup& operator=(const ColumnLookup&) = delete;

    /// Reads the scope to its end. Errors: snapshot_expired, those of the guard.
    Result<void> fill(RecordCursor cursor);

    /// Sets `found` to the rows whose column may equal the value, in the order of names.
    void find(Operand operand, sqlite3_value* value, std::vector<RecordHandle>& found);

private:
    using Place = std::uint32_t;  ///< index in `rows_`
    struct Entry {
        std::uint64_t hash;
        Place place;
    };

    void add(const Scalar& value, Place place);
    void find_hash(std::uint64_t hash);
    void find_number(sqlite3_value* value);
    void find_text(sqlite3_value* value);
    [[nodiscard]] Result<void> charge();

    Session& session_;
    ColumnReader reader_;
    bool has_texts_;  ///< the column can contain texts
    std::vector<RecordHandle> rows_;
    std::vector<Entry> entries_;        ///< ordered by hash, then by place
    std::vector<Place> other_numbers_;  ///< texts that may be numbers but are not plain integers
    std::vector<Place> places_;         ///< result of the last search
    std::size_t charged_ = 0;
};

}  // namespace ringside::sql
