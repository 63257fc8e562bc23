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

/// The program that SQLite has made of a statement, as EXPLAIN tells it; empty: it does not.
[[nodiscard]] std::vector<Step> steps_of(sqlite3_stmt* statement);

}  // namespace ringside::sql
