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

    /// Without a snapshot, creates the database of a live query. Errors: as Database::open.
    [[nodiscard]] static Result<std::unique_ptr<Impl>> open(std::optional<Snapshot> snapshot,
                                                            const Options& options);

    /// Errors: as Database::query.
    [[nodiscard]] Result<PreparedStatement> prepare(std::string_view text);

    /// Returns the error of a statement that is wrong at that offset.
    [[nodiscard]] Error wrong(std::string_view text, std::optional<std::size_t> offset,
                              const std::string& what);

    [[nodiscard]] std::optional<Guard::Clock::time_point> deadline() const {
        if (time_limit == std::chrono::milliseconds(0)) return std::nullopt;
        return shm::Deadline::after(time_limit).time();
    }

    Session session;  // before the connection, which uses it until it is closed
    std::chrono::milliseconds time_limit;
    std::uint64_t row_limit;
    Connection connection;
    std::optional<std::size_t> error_offset;

private:
    [[nodiscard]] Error why_not(std::string_view text, int status);
    [[nodiscard]] Result<void> check_rest(std::string_view text, const char* rest);
};

/// Returns why a step of a statement has failed.
[[nodiscard]] Error failure_of(sqlite3_stmt* statement, int status, const Guard& guard);

class Statement::Impl {
public:
    Impl(Session& session, PreparedStatement prepared,
         std::optional<Guard::Clock::time_point> deadline, std::uint64_t row_limit,
         bool gives_handles);
    ~Impl() { stop_running(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] Result<std::optional<Row>> next();
    [[nodiscard]] std::span<const std::string> columns() const noexcept { return columns_; }

private:
    [[nodiscard]] Result<std::optional<Row>> row();
    [[nodiscard]] Result<std::optional<Row>> end();
    [[nodiscard]] Result<std::optional<Row>> fail(int status);
    void start_running() noexcept;
    void stop_running() noexcept;

    Session& session_;
    PreparedStatement prepared_;
    std::optional<Guard::Clock::time_point> deadline_;
    std::uint64_t rows_left_;
    bool gives_handles_;
    std::optional<Error> failure_;
    bool is_at_end_ = false;
    bool is_running_ = false;
    std::vector<std::string> columns_;
    std::vector<Cell> cells_;
};

}  // namespace ringside::sql
