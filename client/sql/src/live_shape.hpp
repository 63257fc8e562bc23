#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ringside/live_query.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// The parts of a statement that are needed to keep its result up to date.
struct LiveShape {
    std::string table;
    /// Computes the values of one record: the keys and the inputs of the aggregates, or the columns
    /// of the result if there are no groups.
    std::string statement;
    bool is_grouped = false;
    std::size_t key_count = 0;
    std::vector<LiveQuerySpec::Column> aggregates{};
    std::vector<std::size_t> shown{};
    std::vector<bool> is_summed{};  ///< for each value after the keys
};

/// Why a statement cannot be kept up to date, and where in its text.
struct LiveRefusal {
    std::size_t at;
    std::string what;
};

/// Analyses a statement that SQLite has accepted.
[[nodiscard]] std::variant<LiveShape, LiveRefusal> live_shape(std::string_view text,
                                                              const std::vector<TableSpec>& tables);

}  // namespace ringside::sql
