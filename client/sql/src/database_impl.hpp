#pragma once

#include <optional>
#include <string_view>

#include "connection.hpp"
#include "ringside/sql.hpp"
#include "session.hpp"
#include "shm/wait/deadline.hpp"

namespace ringside::sql {

class Database::Impl {
public:
    Impl(std::optional<Snapshot> snapshot, std::vector<TableSpec> tables, const Options& options)
        : session(std::move(snapshot), std::move(tables)),
          time_limit(options.time_limit),
          row_limit(options.row_limit) {}

    /// Without a snapshot it is that of a live query. Errors: as Database::open.
    [[nodiscard]] static Result<std::unique_ptr<Impl>> open(std::optional<Snapshot> snapshot,
                                                            const Options& options);

    /// Errors: as Database::query.
    [[nodiscard]] Result<PreparedStatement> prepare(std::string_view text);

    /// The error of a statement that is wrong there.
    [[nodiscard]] Error wrong(std::string_view text, std::optional<std::size_t> offset,
                              const std::string& what);

    [[nodiscard]] std::optional<Guard::Clock::time_point> deadline() const {
        if (time_limit == std::chrono::milliseconds(0)) return std::nullopt;
        return shm::Deadline::after(time_limit).time();
    }

    Session session;  // before the connection, which uses it to its end
    std::chrono::milliseconds time_limit;
    std::uint64_t row_limit;
    Connection connection;
    std::optional<std::size_t> error_offset;

private:
    [[nodiscard]] Error why_not(std::string_view text, int status);
    [[nodiscard]] Result<void> check_rest(std::string_view text, const char* rest);
};

/// Why a step of a statement has failed.
[[nodiscard]] Error failure_of(sqlite3_stmt* statement, int status, const Guard& guard);

class Statement::Impl {
public:
    Impl(Session& session, PreparedStatement prepared,
         std::optional<Guard::Clock::time_point> deadline, std::uint64_t row_limit,
         bool gives_handles);

    [[nodiscard]] Result<std::optional<Row>> next();
    [[nodiscard]] std::span<const std::string> columns() const noexcept { return columns_; }

private:
    [[nodiscard]] Result<std::optional<Row>> row();
    [[nodiscard]] Result<std::optional<Row>> end();
    [[nodiscard]] Result<std::optional<Row>> fail(int status);

    Session& session_;
    PreparedStatement prepared_;
    std::optional<Guard::Clock::time_point> deadline_;
    std::uint64_t rows_left_;
    bool gives_handles_;
    std::optional<Error> failure_;
    bool is_at_end_ = false;
    std::vector<std::string> columns_;
    std::vector<Cell> cells_;
};

}  // namespace ringside::sql
