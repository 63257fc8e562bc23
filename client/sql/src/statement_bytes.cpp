#include <sqlite3.h>

#include <string>

#include "ringside/sql.hpp"

namespace ringside::sql {

std::optional<std::size_t> statement_bytes(std::string_view text) {
    // SQLite decides whether a text ends with a complete statement, considering quotes and
    // comments.
    for (std::size_t at = text.find(';'); at != std::string_view::npos;
         at = text.find(';', at + 1)) {
        if (sqlite3_complete(std::string(text.substr(0, at + 1)).c_str()) != 0) return at + 1;
    }
    return std::nullopt;
}

}  // namespace ringside::sql
