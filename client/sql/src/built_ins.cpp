#include "built_ins.hpp"

namespace ringside::sql {

void BuiltIns::call(sqlite3_context* context, const std::string& expression, int count,
                    sqlite3_value** values, const std::string* document) {
    sqlite3_stmt* statement = prepared(context, expression);
    if (statement == nullptr) return;
    for (int i = 0; i < count; ++i) sqlite3_bind_value(statement, i + 1, values[i]);
    if (document != nullptr) {
        sqlite3_bind_text64(statement, 1, document->data(), document->size(), SQLITE_STATIC,
                            SQLITE_UTF8);
    }
    const int status = sqlite3_step(statement);
    if (status == SQLITE_ROW) {
        sqlite3_result_value(context, sqlite3_column_value(statement, 0));
    } else {
        sqlite3_result_error(context, sqlite3_errmsg(connection_.get()), -1);
        sqlite3_result_error_code(context, status);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

sqlite3_stmt* BuiltIns::prepared(sqlite3_context* context, const std::string& expression) {
    if (connection_ == nullptr) {
        auto opened = open_connection();
        if (!opened) {
            sqlite3_result_error(context, opened.error().text().c_str(), -1);
            return nullptr;
        }
        connection_ = *std::move(opened);
        sqlite3_limit(connection_.get(), SQLITE_LIMIT_VARIABLE_NUMBER, 127);
    }
    PreparedStatement& statement = statements_[expression];
    if (statement == nullptr) {
        sqlite3_stmt* made = nullptr;
        const std::string text = "SELECT " + expression;
        sqlite3_prepare_v2(connection_.get(), text.c_str(), -1, &made, nullptr);
        statement.reset(made);
    }
    if (statement == nullptr) sqlite3_result_error(context, sqlite3_errmsg(connection_.get()), -1);
    return statement.get();
}

std::string call_expression(const char* function, int count) {
    std::string text = std::string(function) + "(";
    for (int i = 1; i <= count; ++i) text.append(i > 1 ? ", ?" : "?") += std::to_string(i);
    return text + ")";
}

}  // namespace ringside::sql
