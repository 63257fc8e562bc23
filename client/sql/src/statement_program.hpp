#pragma once

#include <sqlite3.h>

#include <string>
#include <vector>

namespace ringside::sql {

/// A step of SQLite's program.
struct Step {
    std::string name;
    int p1 = 0;
    int p2 = 0;
    int p3 = 0;
    std::string p4;
    int p5 = 0;
};

/// Returns the program that SQLite has compiled for a statement, as EXPLAIN shows it. Empty if
/// EXPLAIN fails.
[[nodiscard]] std::vector<Step> steps_of(sqlite3_stmt* statement);

}  // namespace ringside::sql
