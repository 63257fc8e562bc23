#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ringside/snapshot.hpp"
#include "shm/base/limits.hpp"

/// SQL over a snapshot: SQLite reads the records in place, in shared memory.
namespace ringside::sql {

/// Options of a database.
struct Options {
    /// Tables in addition to `records`, each declared by one text:
    ///
    ///     seats=event/*/seat/*(event:1, seat:3, status, price INTEGER, total:/sale/total REAL)
    ///
    /// The syntax is NAME=PATTERN(COLUMN, …). A column is LABEL[:SOURCE] [TYPE].
    /// - The source is a level of the record's name, counted from 0, or a JSON Pointer. The default
    ///   is the member LABEL of the document.
    /// - The type is INTEGER, REAL, TEXT or BOOLEAN. Values of another type read as NULL, except
    ///   that an integer is also a REAL.
    /// - A column without a type returns the value that exists: booleans as 1 and 0, integers
    ///   beyond 2^63 - 1 as REAL, arrays and objects as JSON text. A level is TEXT.
    ///
    /// Pattern, label and source can be put in double quotes. Each table also has `name`,
    /// `revision`, `version`, `updated` and `document`, which `*` omits. A table without columns
    /// has those of `records`.
    std::vector<std::string> tables{};
    /// Time limit per statement, from `Database::query` on. Zero: none. Error: query_timed_out.
    std::chrono::milliseconds time_limit{30'000};
    /// Maximum number of rows per query. Error: query_too_large.
    std::uint64_t row_limit = limits::sql_rows_default;
};

/// One value of a row: NULL, INTEGER, REAL, TEXT or BLOB. Texts and blobs are views.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string_view, ByteView>;
/// One row; valid until the next call of `Statement::next`.
using Row = std::span<const Cell>;

/// Column of a table.
struct Column {
    std::string name;
    std::string type;  ///< as declared; may be empty
};

/// Table that statements can read.
struct Table {
    std::string name;
    std::string pattern;
    std::vector<Column> columns;  ///< the columns of `*`
};

/// Rows of a query, computed on demand. Must not outlive its Database.
/// Thread safety: that of its Database.
class Statement {
public:
    Statement(Statement&&) noexcept;
    Statement& operator=(Statement&&) noexcept;
    ~Statement();

    /// Names of the result columns. Valid as long as the Statement.
    [[nodiscard]] std::span<const std::string> columns() const noexcept;

    /// Returns the next row, valid until the next call, or nothing at the end. Reaching the end
    /// proves that no row was affected by a revoked pin.
    /// Errors that invalidate all earlier rows: snapshot_expired, query_timed_out, query_too_large,
    /// query_interrupted, bad_query (an expression fails on a value: invalid JSON text, an integer
    /// overflow). Earlier rows stay valid if query_too_large reports too many rows.
    [[nodiscard]] Result<std::optional<Row>> next();

    class Impl;

private:
    friend class Database;
    explicit Statement(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// A snapshot as a database for SQLite's SELECT.
///
/// Table `records(name, revision, version, updated, document)` has all records except system
/// records. `updated` is the Unix time of the commit in ms. `document` is JSON text, so
/// `document ->> '$.price'` needs no declaration. The options declare further tables.
/// Conditions on names and levels of names use the ordered index. Rows come in the order of names.
/// Grouping by columns needs no sorting of rows. LIKE is case-sensitive, as in the SQL standard.
///
/// A query reads one revision. It cannot write, open files or load extensions, and it ends at its
/// limits of time, rows and memory.
///
/// Thread safety: one thread at a time; `interrupt` from any thread or signal handler.
/// Cost: one in-memory connection of SQLite, about 0.2 ms and 200 KiB.
///
///     auto database = sql::Database::open(client.snapshot().value()).value();
///     auto statement = database.query("SELECT count(*) FROM records").value();
///     while (auto row = statement.next().value()) use(*row);
class Database {
public:
    /// Opens a database over a snapshot. Errors: bad_configuration (invalid table declaration; the
    /// detail gives the position), bad_pattern, bad_pointer, system_error.
    [[nodiscard]] static Result<Database> open(Snapshot snapshot, const Options& options = {});

    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    /// Prepares one statement. Errors: bad_query (the detail has SQLite's message and the
    /// position), query_timed_out, query_interrupted.
    [[nodiscard]] Result<Statement> query(std::string_view text);

    /// Describes how SQLite would read the tables, one step per line, indented.
    /// Errors: those of `query`.
    [[nodiscard]] Result<std::string> explain(std::string_view text);

    /// Byte offset of the error in the text of the last `query` or `explain`, if known.
    [[nodiscard]] std::optional<std::size_t> error_offset() const noexcept;

    /// Revision that all queries read.
    [[nodiscard]] Revision revision() const noexcept;
    /// Lists the tables, `records` first.
    [[nodiscard]] std::vector<Table> tables() const;

    /// Ends running statements with query_interrupted, and also those that start before `resume`.
    void interrupt() noexcept;
    /// Allows statements again after `interrupt`.
    void resume() noexcept;

    class Impl;

private:
    explicit Database(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Returns the length of the first statement in the text, including its `;`, or nothing if the
/// statement is incomplete. For prompts and for files with several statements.
[[nodiscard]] std::optional<std::size_t> statement_bytes(std::string_view text);

/// Formats an offset as "line 2, column 7", counted from 1. Columns count characters.
[[nodiscard]] std::string place_in(std::string_view text, std::size_t offset);

}  // namespace ringside::sql
