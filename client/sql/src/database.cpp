#include <algorithm>

#include "database_impl.hpp"
#include "document_use.hpp"
#include "json_functions.hpp"
#include "module.hpp"
#include "natural_join.hpp"
#include "query_plan.hpp"
#include "regexp.hpp"
#include "statistics.hpp"
#include "text_functions.hpp"

namespace ringside::sql {

Result<Database> Database::open(Snapshot snapshot, const Options& options) {
    auto impl = Impl::open(std::move(snapshot), options);
    if (!impl) return impl.error();
    return Database(*std::move(impl));
}

Result<std::unique_ptr<Database::Impl>> Database::Impl::open(std::optional<Snapshot> snapshot,
                                                             const Options& options) {
    std::vector<TableSpec> tables{records_table()};
    if (options.tables.size() > limits::sql_tables_max) {
        return Error(Errc::bad_configuration,
                     "more than " + std::to_string(limits::sql_tables_max) + " tables");
    }
    for (const std::string& text : options.tables) {
        auto table = parse_table(text);
        if (!table) return table.error();
        tables.push_back(*std::move(table));
    }
    auto impl = std::make_unique<Impl>(std::move(snapshot), std::move(tables), options);
    auto connection = open_connection();
    if (!connection) return connection.error();
    impl->connection = *std::move(connection);
    if (auto added = add_tables(impl->connection.get(), impl->session); !added) {
        return added.error();
    }
    add_json_functions(impl->connection.get());
    add_text_functions(impl->connection.get());
    add_regexp(impl->connection.get(), impl->session.guard);
    add_statistics(impl->connection.get(), impl->session.guard);
    // A sealed connection creates no tables, not even those of SQLite's own functions.
    auto made = execute(impl->connection.get(), "SELECT 1 FROM json_each('[]'), json_tree('[]')");
    if (!made) return Error(Errc::system_error, made.error().detail);
    seal(impl->connection.get(), impl->session.guard);
    return impl;
}

Result<PreparedStatement> Database::Impl::prepare(std::string_view text) {
    error_offset.reset();
    session.guard.begin(deadline());
    if (!session.guard.may_go_on()) return *session.guard.failure();
    if (text.size() > limits::sql_bytes_max) {
        return wrong(text, std::nullopt,
                     "longer than " + std::to_string(limits::sql_bytes_max) + " bytes");
    }
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
        return wrong(text, nul, "statement contains U+0000");
    }
    session.traits = statement_traits(text);
    sqlite3_stmt* made = nullptr;
    const char* rest = nullptr;
    const int status = sqlite3_prepare_v3(connection.get(), text.data(),
                                          static_cast<int>(text.size()), 0, &made, &rest);
    PreparedStatement prepared(made);
    if (status != SQLITE_OK) return why_not(text, status);
    if (prepared == nullptr) return wrong(text, std::nullopt, "empty statement");
    if (sqlite3_column_count(made) == 0 || sqlite3_stmt_readonly(made) == 0) {
        return wrong(text, std::nullopt, "only SELECT statements are allowed");
    }
    if (auto checked = check_rest(text, rest); !checked) return checked.error();
    if (const auto at = natural_join_without_columns(text, session.tables)) {
        return wrong(text, at,
                     "NATURAL JOIN of tables without a common column (hidden columns do not "
                     "count); use JOIN … USING (column)");
    }
    return prepared;
}

/// Checks that only spaces and comments follow a statement.
Result<void> Database::Impl::check_rest(std::string_view text, const char* rest) {
    const auto offset = static_cast<std::size_t>(rest - text.data());
    sqlite3_stmt* made = nullptr;
    const char* end = rest;
    int status = SQLITE_OK;
    const char* const text_end = text.data() + text.size();
    while (end < text_end && status == SQLITE_OK && made == nullptr) {
        status = sqlite3_prepare_v3(connection.get(), end, static_cast<int>(text_end - end), 0,
                                    &made, &end);
    }
    const PreparedStatement second(made);
    if (status == SQLITE_OK && second == nullptr) return {};
    return wrong(text, std::min(text.find_first_not_of(" \t\r\n", offset), text.size()),
                 "more than one statement; run them one at a time");
}

Error Database::Impl::wrong(std::string_view text, std::optional<std::size_t> offset,
                            const std::string& what) {
    error_offset = offset;
    const std::string place = offset ? place_in(text, *offset) + ": " : "";
    return {Errc::bad_query, place + what};
}

Error Database::Impl::why_not(std::string_view text, int status) {
    if (session.guard.failure()) return *session.guard.failure();
    const std::string what = sqlite3_errmsg(connection.get());
    if (status == SQLITE_AUTH) return wrong(text, std::nullopt, "queries cannot write: " + what);
    const int offset = sqlite3_error_offset(connection.get());
    if (offset < 0) return wrong(text, std::nullopt, what);
    return wrong(text, static_cast<std::size_t>(offset), what);
}

Result<Statement> Database::query(std::string_view text) {
    auto prepared = impl_->prepare(text);
    if (!prepared) return prepared.error();
    const bool gives_handles =
        document_use(prepared->get(), impl_->session) == DocumentUse::in_place;
    return Statement(std::make_unique<Statement::Impl>(
        impl_->session, *std::move(prepared), impl_->deadline(), impl_->row_limit, gives_handles));
}

Result<std::string> Database::explain(std::string_view text) {
    auto prepared = impl_->prepare(text);
    if (!prepared) return prepared.error();
    return describe_plan(prepared->get(), impl_->session);
}

std::optional<std::size_t> Database::error_offset() const noexcept { return impl_->error_offset; }

Revision Database::revision() const noexcept { return impl_->session.snapshot->revision(); }

std::vector<Table> Database::tables() const {
    std::vector<Table> tables;
    for (const TableSpec& spec : impl_->session.tables) {
        Table table{spec.name, spec.pattern.text(), {}};
        for (const ColumnSpec& column : spec.columns) {
            if (column.is_hidden) continue;
            table.columns.push_back({column.label, std::string(type_name(column))});
        }
        tables.push_back(std::move(table));
    }
    return tables;
}

void Database::interrupt() noexcept { impl_->session.guard.interrupt(); }
void Database::resume() noexcept { impl_->session.guard.resume(); }

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

std::string place_in(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::string_view last = before.substr(before.rfind('\n') + 1);
    const auto column = 1 + std::count_if(last.begin(), last.end(), [](char c) {
                            return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                        });
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace ringside::sql
