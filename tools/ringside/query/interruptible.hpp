#pragma once

#include "ringside/sql.hpp"

namespace ringside::tools {

/// During the lifetime of the object, SIGINT ends the running statement of a database with
/// query_interrupted instead of ending the program. At most one object exists in a process.
class Interruptible {
public:
    explicit Interruptible(sql::Database& database);
    ~Interruptible();
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;
};

/// From now on, SIGINT does not end the program, but interrupts a read of the terminal.
void catch_query_interrupts();

}  // namespace ringside::tools
