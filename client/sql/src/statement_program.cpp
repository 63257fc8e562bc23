#include "statement_program.hpp"

#include "connection.hpp"

namespace ringside::sql {

std::vector<Step> steps_of(sqlite3_stmt* statement) {
    const std::string text = std::string("EXPLAIN ") + sqlite3_sql(statement);
    sqlite3_stmt* made = nullptr;
    sqlite3_prepare_v2(sqlite3_db_handle(statement), text.c_str(), -1, &made, nullptr);
    const PreparedStatement explained(made);
    std::vector<Step> steps;
    if (explained == nullptr) return steps;
    const auto text_at = [&](int column) {
        const auto* found =
            reinterpret_cast<const char*>(sqlite3_column_text(explained.get(), column));
        return std::string(found == nullptr ? "" : found);
    };
    while (sqlite3_step(explained.get()) == SQLITE_ROW) {
        const auto number_at = [&](int column) {
            return sqlite3_column_int(explained.get(), column);
        };
        steps.push_back(
            {text_at(1), number_at(2), number_at(3), number_at(4), text_at(5), number_at(6)});
    }
    return steps;
}

}  // namespace ringside::sql
