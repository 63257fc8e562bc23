#pragma once

#include <sqlite3.h>

#include <map>
#include <string>

#include "connection.hpp"

namespace ringside::sql {

/// SQLite's own functions, called on another connection, because ours replace them on this one.
/// Thread safety: one thread.
class BuiltIns {
public:
    /// Evaluates an expression of SQLite for these values, as parameters ?1, ?2, …; `document`,
    /// unless null, replaces the first one.
    void call(sqlite3_context* context, const std::string& expression, int count,
              sqlite3_value** values, const std::string* document = nullptr);

private:
    [[nodiscard]] sqlite3_stmt* prepared(sqlite3_context* context, const std::string& expression);

    Connection connection_;
    std::map<std::string, PreparedStatement> statements_;
};

/// "name(?1, ?2)".
[[nodiscard]] std::string call_expression(const char* function, int count);

}  // namespace ringside::sql
