#pragma once

#include <memory>
#include <vector>

#include "guard.hpp"
#include "ringside/snapshot.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// What the tables of one connection share.
struct Session {
    Session(Snapshot opened, std::vector<TableSpec> declared)
        : snapshot(std::move(opened)), tables(std::move(declared)) {}

    Snapshot snapshot;
    std::vector<TableSpec> tables;
    Guard guard;
    /// Whether the statement that runs gets documents as handles instead of as JSON text: see
    /// document_use.hpp.
    bool gives_handles = false;
    /// As SQLite knows the tables, in their order.
    std::vector<const void*> virtual_tables{};
};

}  // namespace ringside::sql
