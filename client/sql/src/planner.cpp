#include "planner.hpp"

#include <algorithm>
#include <optional>

#include "access.hpp"

namespace ringside::sql {

namespace {

// What there is of names is not known when a query is planned, but how they are made is: these
// numbers only have to lead to the right order of joins.
constexpr double names_of_level = 1000;    ///< that a wildcard stands for
constexpr double kinds_of_level = 10;      ///< names beside a literal one below a wildcard
constexpr double records_max = 1'000'000;  ///< that a pattern is expected to match
constexpr double share_of_bound = 0.3;     ///< that a bound of the range leaves
constexpr double share_of_prefix = 0.001;  ///< that a prefix leaves
constexpr double share_of_value = 0.01;    ///< that have one value of an indexed column
constexpr double cost_of_grouping = 2;     ///< each record is visited twice

class Planner {
public:
    Planner(const TableSpec& table, const Session& session, sqlite3_index_info& info)
        : table_(table), session_(session), info_(info) {}

    int run(int number) {
        if (session_.takes_conditions) plan_conditions();
        if (session_.takes_conditions && info_.nOrderBy > 0) plan_order();
        estimate();
        info_.idxNum = number;
        info_.idxStr = sqlite3_mprintf("%s", access_.encode().c_str());
        info_.needToFreeIdxStr = 1;
        return info_.idxStr == nullptr ? SQLITE_NOMEM : SQLITE_OK;
    }

private:
    [[nodiscard]] const ColumnSpec* column(int number) const noexcept {
        return number < 0 ? nullptr : &table_.columns[static_cast<std::size_t>(number)];
    }

    void plan_conditions() {
        for (int i = 0; i < info_.nConstraint; ++i) {
            if (info_.aConstraint[i].usable == 0) continue;
            if (const auto condition = condition_of(i)) use(i, *condition);
        }
    }

    std::optional<Condition> condition_of(int i) {
        const auto& constraint = info_.aConstraint[i];
        const ColumnSpec* spec = column(constraint.iColumn);
        if (spec == nullptr) return std::nullopt;
        const bool is_name = spec->source == ColumnSource::name;
        if (is_name && constraint.op == SQLITE_INDEX_CONSTRAINT_GLOB) {
            return Condition{Narrowing::name_glob};
        }
        if (is_name && constraint.op == SQLITE_INDEX_CONSTRAINT_LIKE) {
            return Condition{Narrowing::name_like};
        }
        // Another collation than that of bytes knows other equals.
        const char* collation = sqlite3_vtab_collation(&info_, i);
        if (collation == nullptr || sqlite3_stricmp(collation, "BINARY") != 0) return std::nullopt;
        const bool is_equality = constraint.op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (is_equality && spec->level && *spec->level < max_level &&
            is_fixed_level(table_.pattern, *spec->level)) {
            return Condition{Narrowing::level_is, static_cast<std::uint8_t>(*spec->level)};
        }
        if (is_name) return bound_of(constraint.op);
        const auto number = static_cast<std::size_t>(constraint.iColumn);
        const bool can_be_indexed = spec->source == ColumnSource::field && !spec->level;
        if (!can_be_indexed || number >= max_level) return std::nullopt;
        const auto how = field_condition(constraint.op);
        const auto& snapshot = session_.snapshot;
        if (!how || !snapshot || !snapshot->is_indexed(table_.pattern.text(), spec->field)) {
            return std::nullopt;
        }
        return Condition{*how, static_cast<std::uint8_t>(number)};
    }

    static std::optional<Narrowing> field_condition(unsigned char op) noexcept {
        switch (op) {
            case SQLITE_INDEX_CONSTRAINT_EQ: return Narrowing::field_is;
            case SQLITE_INDEX_CONSTRAINT_GT: return Narrowing::field_after;
            case SQLITE_INDEX_CONSTRAINT_GE: return Narrowing::field_from;
            case SQLITE_INDEX_CONSTRAINT_LT: return Narrowing::field_before;
            case SQLITE_INDEX_CONSTRAINT_LE: return Narrowing::field_up_to;
            default: return std::nullopt;
        }
    }

    static std::optional<Condition> bound_of(unsigned char op) noexcept {
        switch (op) {
            case SQLITE_INDEX_CONSTRAINT_EQ: return Condition{Narrowing::name_is};
            case SQLITE_INDEX_CONSTRAINT_GT: return Condition{Narrowing::name_after};
            case SQLITE_INDEX_CONSTRAINT_GE: return Condition{Narrowing::name_from};
            case SQLITE_INDEX_CONSTRAINT_LT: return Condition{Narrowing::name_before};
            case SQLITE_INDEX_CONSTRAINT_LE: return Condition{Narrowing::name_up_to};
            default: return std::nullopt;
        }
    }

    /// SQLite checks the condition itself, too: what it leaves to us may be wider.
    void use(int i, Condition condition) {
        sqlite3_value* value = nullptr;
        condition.is_literal = sqlite3_vtab_rhs_value(&info_, i, &value) == SQLITE_OK;
        access_.conditions.push_back(condition);
        info_.aConstraintUsage[i].argvIndex = static_cast<int>(access_.conditions.size());
    }

    void plan_order() {
        const ColumnSpec* first = column(info_.aOrderBy[0].iColumn);
        if (first == nullptr) return;
        if (first->source == ColumnSource::name) {  // nothing can follow: names are unique
            info_.orderByConsumed = info_.aOrderBy[0].desc == 0 ? 1 : 0;
            return;
        }
        // An order for its own sake is left to SQLite, which keeps no more rows than its LIMIT.
        if (sqlite3_vtab_distinct(&info_) == 0 || has(Narrowing::name_is)) return;
        std::vector<GroupColumn> groups;
        for (int i = 0; i < info_.nOrderBy; ++i) {
            if (info_.aOrderBy[i].iColumn < 0) return;
            groups.push_back(
                {static_cast<std::size_t>(info_.aOrderBy[i].iColumn), info_.aOrderBy[i].desc != 0});
        }
        access_.groups = std::move(groups);
        info_.orderByConsumed = 1;
    }

    [[nodiscard]] bool has(Narrowing how) const noexcept {
        return std::any_of(access_.conditions.begin(), access_.conditions.end(),
                           [how](const Condition& c) { return c.how == how; });
    }
    [[nodiscard]] bool has_level(std::size_t level) const noexcept {
        return std::any_of(access_.conditions.begin(), access_.conditions.end(),
                           [level](const Condition& c) {
                               return c.how == Narrowing::level_is && c.level == level;
                           });
    }

    void estimate() {
        double rows = 1;     // that come out
        double visited = 1;  // below the part of the name that is known
        bool is_known = true;
        std::string_view rest = table_.pattern.text();
        for (std::size_t level = 0; !rest.empty(); ++level) {
            const std::size_t end = std::min(rest.find('/'), rest.size());
            const std::string_view one = rest.substr(0, end);
            const bool is_open = one.find('*') != std::string_view::npos && !has_level(level);
            const double names = one == "**" ? records_max : names_of_level;
            if (is_open) rows *= names;
            is_known = is_known && !is_open;
            if (!is_known) visited *= is_open ? names : kinds_of_level;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        double share = 1;
        for (const Narrowing bound : {Narrowing::name_from, Narrowing::name_after,
                                      Narrowing::name_before, Narrowing::name_up_to}) {
            if (has(bound)) share *= share_of_bound;
        }
        if (has(Narrowing::name_glob) || has(Narrowing::name_like)) share *= share_of_prefix;
        if (has(Narrowing::field_is)) share *= share_of_value;
        for (const Narrowing bound : {Narrowing::field_from, Narrowing::field_after,
                                      Narrowing::field_before, Narrowing::field_up_to}) {
            if (has(bound)) share *= share_of_bound;
        }
        rows = std::max(1.0, std::min(rows, records_max) * share);
        visited = std::max(rows, std::min(visited, records_max) * share);
        if (has(Narrowing::name_is) || is_known) {
            rows = visited = 1;
            info_.idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
        }
        info_.estimatedRows = static_cast<sqlite3_int64>(rows);
        info_.estimatedCost = visited * (access_.groups.empty() ? 1 : cost_of_grouping);
    }

    static constexpr std::size_t max_level = 64;  ///< that `Access::encode` can write

    const TableSpec& table_;
    const Session& session_;
    sqlite3_index_info& info_;
    Access access_;
};

}  // namespace

int plan(const TableSpec& table, int number, const Session& session, sqlite3_index_info& info) {
    return Planner(table, session, info).run(number);
}

}  // namespace ringside::sql
