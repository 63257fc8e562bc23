#pragma once

#include <sqlite3.h>

#include "session.hpp"

namespace ringside::sql {

/// Adds the session's tables to the connection. Error: bad_configuration.
[[nodiscard]] Result<void> add_tables(sqlite3* connection, Session& session);

}  // namespace ringside::sql
