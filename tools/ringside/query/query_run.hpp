#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/sql.hpp"

namespace ringside::tools {

/// Runs one statement and writes its rows; how many. Throws ringside::Exception; rows that a row
/// limit has cut short are written before.
std::uint64_t run_query(sql::Database& database, std::string_view text, const std::string& format);

/// Says what is wrong with a statement on standard error, with the line and a mark below the place.
void complain_about(const Error& error, std::string_view text, std::optional<std::size_t> offset);

}  // namespace ringside::tools
