#include "connection.hpp"

#include <strings.h>

#include <algorithm>
#include <array>

#include "shm/base/limits.hpp"

namespace ringside::sql {

namespace {

/// Steps of SQLite's program between two checks of the guard: some 20 us.
constexpr int steps_between_looks = 1000;

struct Limit {
    int id;
    int value;
};
constexpr std::array limits_of_connection{
    Limit{SQLITE_LIMIT_LENGTH, static_cast<int>(limits::sql_value_bytes_max)},
    Limit{SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(limits::sql_bytes_max)},
    Limit{SQLITE_LIMIT_EXPR_DEPTH, static_cast<int>(limits::sql_depth_max)},
    Limit{SQLITE_LIMIT_COMPOUND_SELECT, static_cast<int>(limits::sql_selects_max)},
    Limit{SQLITE_LIMIT_COLUMN, static_cast<int>(limits::sql_columns_max + 8)},
    Limit{SQLITE_LIMIT_VDBE_OP, 250'000},
    Limit{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    Limit{SQLITE_LIMIT_VARIABLE_NUMBER, 0},
    Limit{SQLITE_LIMIT_TRIGGER_DEPTH, 0},
    Limit{SQLITE_LIMIT_ATTACHED, 0},
    Limit{SQLITE_LIMIT_WORKER_THREADS, 0},
};

/// Functions that reach beyond the query, or reveal pointers of the process.
bool is_harmful(const char* function) noexcept {
    constexpr std::array names{"load_extension", "fts3_tokenizer", "readfile",   "writefile",
                               "edit",           "fts5",           "rtreecheck", "sqlite_log"};
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return strcasecmp(name, function) == 0; });
}

int authorize(void*, int action, const char*, const char* what, const char*, const char*) {
    switch (action) {
        case SQLITE_SELECT:
        case SQLITE_READ:
        case SQLITE_RECURSIVE: return SQLITE_OK;
        case SQLITE_FUNCTION: return what != nullptr && is_harmful(what) ? SQLITE_DENY : SQLITE_OK;
        default: return SQLITE_DENY;
    }
}

int stop_or_go_on(void* guard) { return static_cast<Guard*>(guard)->may_go_on() ? 0 : 1; }

}  // namespace

Result<Connection> open_connection() {
    sqlite3* opened = nullptr;
    constexpr int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    const int status = sqlite3_open_v2(":memory:", &opened, flags, nullptr);
    Connection connection(opened);
    if (status != SQLITE_OK) return Error(Errc::system_error, sqlite3_errstr(status));
    for (const Limit& limit : limits_of_connection) {
        sqlite3_limit(opened, limit.id, limit.value);
    }
    // Sorts and temporary tables never use a file.
    for (const char* pragma : {"PRAGMA temp_store = MEMORY", "PRAGMA case_sensitive_like = ON"}) {
        if (auto done = execute(opened, pragma); !done) return done.error();
    }
    return connection;
}

void seal(sqlite3* connection, Guard& guard) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, nullptr);
    sqlite3_set_authorizer(connection, authorize, nullptr);
    sqlite3_progress_handler(connection, steps_between_looks, stop_or_go_on, &guard);
}

Result<void> execute(sqlite3* connection, const std::string& statement) {
    if (sqlite3_exec(connection, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
        return {};
    }
    return Error(Errc::bad_configuration, sqlite3_errmsg(connection));
}

}  // namespace ringside::sql
