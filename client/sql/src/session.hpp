#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access.hpp"
#include "guard.hpp"
#include "operand.hpp"
#include "ringside/snapshot.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

class ColumnLookup;

/// State that the tables of one connection share.
struct Session {
    Session(std::optional<Snapshot> opened, std::vector<TableSpec> declared)
        : snapshot(std::move(opened)), tables(std::move(declared)) {}

    std::optional<Snapshot> snapshot;  ///< none for a live query
    /// For a live query: the only record of its table, during one step.
    const RecordView* handed = nullptr;
    /// For a live query, before its first record: the scopes that were requested of its table.
    std::vector<Scope> asked{};
    /// Whether the planner may delegate conditions and orders to the tables.
    bool takes_conditions = true;
    /// Of the statement that is being prepared.
    StatementTraits traits{};
    std::vector<TableSpec> tables;
    Guard guard;
    /// Whether the running statement gets documents as handles instead of JSON text: see
    /// document_use.hpp.
    bool gives_handles = false;
    /// Lookups by table, access and constants of the access. SQLite opens another cursor for each
    /// run of a correlated subquery, so cursors cannot keep them. A null value stands for an access
    /// that was made once.
    std::map<std::string, std::shared_ptr<ColumnLookup>> lookups{};
    std::size_t running_statements = 0;  ///< the last one to end clears the lookups
    /// As SQLite knows the tables, in their order.
    std::vector<const void*> virtual_tables{};
};

}  // namespace ringside::sql
