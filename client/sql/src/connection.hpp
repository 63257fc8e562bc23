#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "guard.hpp"
#include "shm/base/errc.hpp"

namespace ringside::sql {

struct CloseConnection {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using PreparedStatement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// Opens an empty in-memory database with our limits. Error: system_error.
[[nodiscard]] Result<Connection> open_connection();

/// From now on the connection only reads its tables, and ends a statement when the guard says so.
void seal(sqlite3* connection, Guard& guard);

/// Runs an internal statement. Error: bad_configuration, with SQLite's message.
[[nodiscard]] Result<void> execute(sqlite3* connection, const std::string& statement);

}  // namespace ringside::sql
