#include "ringside/sql_live.hpp"

#include <algorithm>

#include "live_row.hpp"
#include "shm/name/name.hpp"
#include "statement_program.hpp"

namespace ringside::sql {

namespace {

constexpr const char* what_it_can_be =
    " is not supported in a live query; write SELECT … FROM table [WHERE …] [GROUP BY …]";

std::vector<std::string> columns_of(sqlite3_stmt* statement) {
    std::vector<std::string> columns;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const char* name = sqlite3_column_name(statement, i);
        columns.emplace_back(name == nullptr ? "" : name);
    }
    return columns;
}

/// Returns a pattern for the names of all records in the result. It is narrower than the table's
/// pattern if conditions restrict levels of the name.
Result<std::string> pattern_of(sqlite3_stmt* statement, Session& session, const TableSpec& table) {
    session.asked.clear();
    session.guard.begin(std::nullopt);
    int status = SQLITE_ROW;
    while (status == SQLITE_ROW) status = sqlite3_step(statement);
    if (status != SQLITE_DONE) return failure_of(statement, status, session.guard);
    if (session.asked.size() != 1 || session.asked[0].is_empty()) return table.pattern.text();
    const Scope& scope = session.asked[0];
    if (!scope.name()) return scope.cover();
    const bool is_usable = check_name(*scope.name()) && table.pattern.matches(*scope.name());
    return is_usable ? *scope.name() : table.pattern.text();
}

/// Returns the sign that a statement does not compute its rows record by record, or null.
const char* beyond_one_record(sqlite3_stmt* statement) {
    std::size_t tables = 0;
    for (const Step& step : steps_of(statement)) {
        if (step.name.starts_with("Agg")) return "an aggregate within an expression";
        if (step.name == "Rowid") return "the rowid";
        if (step.name == "VOpen") ++tables;
        if (step.name == "OpenRead" || tables > 1) return "a second table";
    }
    return nullptr;
}

struct Compiled {
    std::string pattern;
    std::vector<std::string> columns;
    LiveShape shape;
    PreparedStatement prepared;
};

/// Compiles with SQLite first, so that errors are reported in its words, and then as a live query.
Result<Compiled> compile(Database::Impl& database, std::string_view text) {
    Session& session = database.session;
    auto whole = database.prepare(text);
    if (!whole) return whole.error();
    auto taken_apart = live_shape(text, session.tables);
    if (const auto* refusal = std::get_if<LiveRefusal>(&taken_apart)) {
        return database.wrong(text, refusal->at, refusal->what + what_it_can_be);
    }
    auto& shape = std::get<LiveShape>(taken_apart);
    const auto table = std::ranges::find(session.tables, shape.table, &TableSpec::name);
    auto pattern = pattern_of(whole->get(), session, *table);
    if (!pattern) return pattern.error();
    session.takes_conditions = false;
    auto prepared = database.prepare(shape.statement);
    if (!prepared) {
        // The position refers to a generated text.
        const std::string why = sqlite3_errmsg(database.connection.get());
        return database.wrong(text, std::nullopt, "in a live query: " + why);
    }
    if (const char* what = beyond_one_record(prepared->get())) {
        return database.wrong(text, std::nullopt, std::string(what) + what_it_can_be);
    }
    return Compiled{*std::move(pattern), columns_of(whole->get()), std::move(shape),
                    *std::move(prepared)};
}

}  // namespace

Result<LiveQuerySpec> live_query_spec(std::string_view text, const Options& options,
                                      std::optional<std::size_t>* error_offset) {
    auto database = Database::Impl::open(std::nullopt, options);
    if (!database) return database.error();
    auto compiled = compile(**database, text);
    if (error_offset != nullptr) *error_offset = (*database)->error_offset;
    if (!compiled) return compiled.error();
    LiveQuerySpec made{.pattern = std::move(compiled->pattern),
                       .columns = std::move(compiled->columns),
                       .row_of = {},
                       .is_grouped = compiled->shape.is_grouped,
                       .key_count = compiled->shape.key_count,
                       .aggregates = compiled->shape.aggregates,
                       .shown = compiled->shape.shown};
    const auto row = std::make_shared<LiveRow>(*std::move(database), std::move(compiled->prepared),
                                               std::move(compiled->shape));
    made.row_of = [row](const RecordView& record, std::vector<OwnedScalar>& values) {
        return (*row)(record, values);
    };
    return made;
}

Cell cell_of(const OwnedScalar& value) {
    const Scalar scalar = value.view();
    if (const auto number = scalar.as_int64()) return *number;
    if (const auto number = scalar.as_double()) return *number;
    if (const auto text = value.as_string()) return *text;
    return {};
}

}  // namespace ringside::sql
