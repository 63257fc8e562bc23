#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ringside/live_query.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// What a statement asks for, so that its result can be kept up to date.
struct LiveShape {
    std::string table;
    /// Gives the values of one record: the keys and what the aggregates are computed of, or the
    /// columns of the result where there are no groups.
    std::string statement;
    bool is_grouped = false;
    std::size_t key_count = 0;
    std::vector<LiveDescription::Column> aggregates{};
    std::vector<std::size_t> shown{};
    std::vector<bool> is_summed{};  ///< of the values behind the keys
};

/// Why a statement cannot be kept up to date, and where in its text.
struct LiveRefusal {
    std::size_t at;
    std::string what;
};

/// Takes a statement to pieces; SQLite has found it to be right before.
[[nodiscard]] std::variant<LiveShape, LiveRefusal> live_shape(std::string_view text,
                                                              const std::vector<TableSpec>& tables);

}  // namespace ringside::sql
