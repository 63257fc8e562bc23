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

struct Options {
    /// Tables beside `records`, each declared by one text:
    ///
    ///     seats=event/*/seat/*(event:1, seat:3, status, price INTEGER, total:/sale/total REAL)
    ///
    /// NAME=PATTERN(COLUMN, …); a column is LABEL[:SOURCE] [TYPE]. The source is a level of the
    /// record's name, counted from 0, or a JSON Pointer; without one it is the member LABEL of the
    /// document. The type is INTEGER, REAL, TEXT or BOOLEAN: values of another type read as NULL
    /// (an integer is a REAL, too). Without one a column gives what is there: booleans as 1 and 0,
    /// integers beyond 2^63 - 1 as REAL, arrays and objects as JSON text. A level is TEXT. Pattern,
    /// label and source can be put into double quotes. Each table has `name`, `revision`,
    /// `version`, `updated` and `document`, too, which `*` leaves out; without columns it is as
    /// `records`.
    std::vector<std::string> tables{};
    /// From `Database::query` on; zero: none. Error: query_timed_out.
    std::chrono::milliseconds time_limit{30'000};
    /// Of a query's rows. Error: query_too_large.
    std::uint64_t row_limit = limits::sql_rows_default;
};

/// One value of a row: NULL, INTEGER, REAL, TEXT or BLOB. Texts and blobs are views.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string_view, ByteView>;
using Row = std::span<const Cell>;

struct Column {
    std::string name;
    std::string type;  ///< as declared; may be empty
};

struct Table {
    std::string name;
    std::string pattern;
    std::vector<Column> columns;  ///< those of `*`
};

/// The rows of a query, computed while they are asked for. Must not outlive its Database.
/// Thread safety: that of its Database.
class Statement {
public:
    Statement(Statement&&) noexcept;
    Statement& operator=(Statement&&) noexcept;
    ~Statement();

    [[nodiscard]] std::span<const std::string> columns() const noexcept;

    /// The next row, valid until the next call; none at the end, which is the proof that all rows
    /// were whole.
    /// Errors, which void all rows before: snapshot_expired, query_timed_out, query_too_large,
    /// query_interrupted, bad_query (a value that an expression cannot take: JSON text that is
    /// none, an integer that overflows). query_too_large for too many rows voids none.
    [[nodiscard]] Result<std::optional<Row>> next();

    class Impl;

private:
    friend class Database;
    explicit Statement(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// A snapshot as a database that is read with SQLite's SELECT.
///
/// Table `records(name, revision, version, updated, document)`: all records but those of the grid
/// itself; `updated` is the Unix time in ms of the commit, `document` JSON text, so that
/// `document ->> '$.price'` needs no declaration. Further tables are declared in the options.
/// Conditions on names and levels of names are looked up in the ordered index, rows come in the
/// order of names, and groups by columns are made without sorting rows. LIKE tells upper from lower
/// case, as the standard has it.
///
/// A query reads one revision and cannot do anything else: it does not write, open files or load
/// extensions, and ends at its limits of time, rows and memory.
///
/// Thread safety: one thread at a time; `interrupt` from any thread or signal handler.
/// Cost: a connection of SQLite in memory, about 0.2 ms and 200 KiB.
///
///     auto database = sql::Database::open(client.snapshot().value()).value();
///     auto statement = database.query("SELECT count(*) FROM records").value();
///     while (auto row = statement.next().value()) use(*row);
class Database {
public:
    /// Errors: bad_configuration (a table declaration; the detail says where), bad_pattern,
    /// bad_pointer, system_error.
    [[nodiscard]] static Result<Database> open(Snapshot snapshot, const Options& options = {});

    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    /// One statement. Errors: bad_query (the detail has SQLite's message and the place),
    /// query_timed_out, query_interrupted.
    [[nodiscard]] Result<Statement> query(std::string_view text);

    /// How SQLite would read the tables, one step a line, indented.
    /// Errors: as `query`.
    [[nodiscard]] Result<std::string> explain(std::string_view text);

    /// Where in the text the last `query` or `explain` was wrong, in bytes; none: not known.
    [[nodiscard]] std::optional<std::size_t> error_offset() const noexcept;

    [[nodiscard]] Revision revision() const noexcept;
    /// `records` first.
    [[nodiscard]] std::vector<Table> tables() const;

    /// Ends the statements that run with query_interrupted, also those that begin before `resume`.
    void interrupt() noexcept;
    void resume() noexcept;

    class Impl;

private:
    explicit Database(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// The length of the first statement in the text, with its `;`; none: it does not end there.
/// For prompts and files of several statements.
[[nodiscard]] std::optional<std::size_t> statement_bytes(std::string_view text);

/// "line 2, column 7", counted from 1; columns in characters.
[[nodiscard]] std::string place_in(std::string_view text, std::size_t offset);

}  // namespace ringside::sql
