#include "query_plan.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "access.hpp"
#include "connection.hpp"
#include "document_use.hpp"

namespace ringside::sql {

namespace {

std::string_view operator_of(Narrowing how) noexcept {
    switch (how) {
        case Narrowing::name_is:
        case Narrowing::level_is:
        case Narrowing::looked_up:
        case Narrowing::field_is: return " =";
        case Narrowing::name_from:
        case Narrowing::field_from: return " >=";
        case Narrowing::name_after:
        case Narrowing::field_after: return " >";
        case Narrowing::name_before:
        case Narrowing::field_before: return " <";
        case Narrowing::name_up_to:
        case Narrowing::field_up_to: return " <=";
        case Narrowing::name_glob: return " GLOB";
        case Narrowing::name_like: return " LIKE";
    }
    return "";
}

std::string label_of(const TableSpec& table, const Condition& condition) {
    if (condition.how == Narrowing::looked_up) {
        return "lookup of " + table.columns[condition.level].label;
    }
    if (is_of_field(condition.how)) return "indexed " + table.columns[condition.level].label;
    if (condition.how != Narrowing::level_is) return "name";
    for (const ColumnSpec& column : table.columns) {
        if (column.level == condition.level) return column.label;
    }
    return "level " + std::to_string(condition.level);
}

/// "by event =, name >=, in groups of status".
std::string describe(const TableSpec& table, const Access& access) {
    std::string text;
    for (const Condition& condition : access.conditions) {
        text += text.empty() ? "by " : ", ";
        const bool is_list = condition.operand == Operand::listed;
        text += label_of(table, condition);
        text += is_list ? " IN" : operator_of(condition.how);
    }
    if (text.empty()) text = "all of " + table.pattern.text();
    for (const GroupColumn& group : access.groups) {
        text += &group == access.groups.data() ? ", in groups of " : ", ";
        text += table.columns[group.column].label;
    }
    return text;
}

/// Replaces our encoded accesses in the text of a step by readable ones.
std::string readable(std::string step, const Session& session) {
    constexpr std::string_view mark = "VIRTUAL TABLE INDEX ";
    const std::size_t at = step.find(mark);
    if (at == std::string::npos) return step;
    std::size_t number = 0;
    const char* end = step.data() + step.size();
    const auto read = std::from_chars(step.data() + at + mark.size(), end, number);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ':') return step;
    const auto access_at = static_cast<std::size_t>(read.ptr - step.data()) + 1;
    if (number >= session.tables.size()) return step;
    // The kind of join follows.
    const std::size_t access_end = std::min(step.find(' ', access_at), step.size());
    const Access access =
        Access::decode(std::string_view(step).substr(access_at, access_end - access_at));
    return step.substr(0, at) + describe(session.tables[number], access) + step.substr(access_end);
}

}  // namespace

Result<std::string> describe_plan(sqlite3_stmt* statement, const Session& session) {
    sqlite3* connection = sqlite3_db_handle(statement);
    const std::string text = std::string("EXPLAIN QUERY PLAN ") + sqlite3_sql(statement);
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(connection, text.c_str(), -1, &made, nullptr) != SQLITE_OK) {
        return Error(Errc::bad_query, sqlite3_errmsg(connection));
    }
    const PreparedStatement steps(made);
    std::map<int, std::size_t> depths;
    std::string plan;
    while (sqlite3_step(steps.get()) == SQLITE_ROW) {
        const int parent = sqlite3_column_int(steps.get(), 1);
        const std::size_t depth = depths.contains(parent) ? depths[parent] + 1 : 0;
        depths[sqlite3_column_int(steps.get(), 0)] = depth;
        const auto* step = reinterpret_cast<const char*>(sqlite3_column_text(steps.get(), 3));
        plan.append(2 * depth, ' ').append(readable(step == nullptr ? "" : step, session)) += '\n';
    }
    switch (document_use(statement, session)) {
        case DocumentUse::none: break;
        case DocumentUse::in_place: plan += "DOCUMENTS are read in place\n"; break;
        case DocumentUse::as_text: plan += "DOCUMENTS are written as JSON text\n"; break;
    }
    if (!plan.empty()) plan.pop_back();
    return plan;
}

}  // namespace ringside::sql
