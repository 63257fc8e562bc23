#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "access.hpp"
#include "guard.hpp"
#include "operand.hpp"
#include "ringside/snapshot.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// What the tables of one connection share.
struct Session {
    Session(std::optional<Snapshot> opened, std::vector<TableSpec> declared)
        : snapshot(std::move(opened)), tables(std::move(declared)) {}

    std::optional<Snapshot> snapshot;  ///< none: of a live query
    /// Of a live query: the only record that its table has, for the time of one step.
    const RecordView* handed = nullptr;
    /// Of a live query, before its first record: what its table is asked for is noted here.
    std::vector<Scope> asked{};
    /// Whether the planner may leave conditions and orders to the tables.
    bool takes_conditions = true;
    /// Of the statement that is being prepared.
    StatementTraits traits{};
    std::vector<TableSpec> tables;
    Guard guard;
    /// Whether the statement that runs gets documents as handles instead of as JSON text: see
    /// document_use.hpp.
    bool gives_handles = false;
    /// As SQLite knows the tables, in their order.
    std::vector<const void*> virtual_tables{};
};

}  // namespace ringside::sql
