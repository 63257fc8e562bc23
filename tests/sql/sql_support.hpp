#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "ringside/sql.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::testing {

inline std::string text_of(const sql::Cell& cell) {
    struct Printer {
        std::string operator()(std::monostate) const { return "NULL"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const {
            char text[32];
            snprintf(text, sizeof text, "%.15g", number);
            return text;
        }
        std::string operator()(std::string_view text) const {
            return "'" + std::string(text) + "'";
        }
        std::string operator()(ByteView bytes) const {
            return "blob of " + std::to_string(bytes.size());
        }
    };
    return std::visit(Printer(), cell);
}

/// A grid and queries of it.
class SqlTest : public ::testing::Test {
protected:
    TestGrid grid_;
    Client client_ = Client::attach({.grid = grid_.name()}).value();

    void put(const std::string& name, const std::string& json) { client_.put(name, json).value(); }

    [[nodiscard]] Result<sql::Database> database(std::vector<std::string> tables = {}) const {
        // No statement fails because the machine is slow.
        return sql::Database::open(client_.snapshot().value(),
                                   {.tables = std::move(tables), .time_limit = never});
    }

    /// Returns all rows: cells joined by `|`, rows by lines; or the error, in angle brackets.
    static std::string rows_of(sql::Database& database, const std::string& query) {
        auto statement = database.query(query);
        if (!statement) {
            last_detail() = statement.error().detail;
            return "<" + std::string(name(statement.error().code)) + ">";
        }
        std::string text;
        for (;;) {
            const auto row = statement->next();
            if (!row) {
                last_detail() = row.error().detail;
                return text + "<" + std::string(name(row.error().code)) + ">";
            }
            if (!*row) return text;
            if (!text.empty()) text += '\n';
            for (std::size_t i = 0; i < (*row)->size(); ++i) {
                text += (i > 0 ? "|" : "") + text_of((**row)[i]);
            }
        }
    }
    /// The detail of the last error in `rows_of`.
    static std::string& last_detail() {
        static std::string detail;
        return detail;
    }
    [[nodiscard]] std::string ask(const std::string& query,
                                  std::vector<std::string> tables = {}) const {
        auto opened = database(std::move(tables));
        if (!opened) return "<" + opened.error().text() + ">";
        return rows_of(*opened, query);
    }
    [[nodiscard]] std::string error_of(const std::string& query) const {
        auto opened = database().value();
        auto statement = opened.query(query);
        return statement ? "" : statement.error().detail;
    }
};

}  // namespace ringside::testing
