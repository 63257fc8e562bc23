#include "planner.hpp"

#include <algorithm>
#include <optional>

#include "access.hpp"
#include "field_condition.hpp"

namespace ringside::sql {

namespace {

// The number of names is unknown when a query is planned, but their structure is known. These
// numbers only need to lead to the right order of joins.
constexpr double names_of_level = 1000;    ///< matched by a wildcard
constexpr double kinds_of_level = 10;      ///< names next to a literal one below a wildcard
constexpr double records_max = 1'000'000;  ///< that a pattern is expected to match
constexpr double share_of_bound = 0.3;     ///< of names within a bound of the range
constexpr double share_of_prefix = 0.001;  ///< of names with a prefix
constexpr double share_of_value = 0.01;    ///< of records with one value of an indexed column
constexpr double share_of_lookup = 0.03;   ///< of the cost of building a lookup, per use
constexpr double cost_of_grouping = 2;     ///< each record is visited twice

class Planner {
public:
    Planner(const TableSpec& table, const Session& session, sqlite3_index_info& info)
        : table_(table), session_(session), info_(info) {}

    int run(int number) {
        if (session_.takes_conditions) plan_conditions();
        if (session_.takes_conditions) plan_lookup();
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
            return Condition{Narrowing::name_glob, 0, operand_of(i)};
        }
        if (is_name && constraint.op == SQLITE_INDEX_CONSTRAINT_LIKE) {
            return Condition{Narrowing::name_like, 0, operand_of(i)};
        }
        if (!has_binary_collation(i)) return std::nullopt;
        const Operand operand = operand_of(i);
        const bool is_equality = constraint.op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (may_be_hidden_in(i, operand)) return std::nullopt;
        if (is_name) {
            const auto how = bound_of(constraint.op);
            const bool is_known = operand != Operand::mixed || is_equality;
            return how && is_known ? std::optional(Condition{*how, 0, operand}) : std::nullopt;
        }
        if (is_equality && spec->level && *spec->level < max_level && operand != Operand::mixed &&
            is_fixed_level(table_.pattern, *spec->level)) {
            return Condition{Narrowing::level_is, static_cast<std::uint8_t>(*spec->level), operand};
        }
        const auto number = static_cast<std::size_t>(constraint.iColumn);
        const bool can_be_indexed = spec->source == ColumnSource::field && !spec->level;
        if (!can_be_indexed || number >= max_level) return std::nullopt;
        const auto how = field_condition(constraint.op);
        if (!how || !can_narrow(*spec, *how, operand)) return std::nullopt;
        const auto& snapshot = session_.snapshot;
        if (!snapshot || !snapshot->is_indexed(table_.pattern.text(), spec->field)) {
            return std::nullopt;
        }
        return Condition{*how, static_cast<std::uint8_t>(number), operand};
    }

    /// Collations other than bytewise comparison have other equal texts.
    [[nodiscard]] bool has_binary_collation(int i) const noexcept {
        const char* collation = sqlite3_vtab_collation(&info_, i);
        return collation != nullptr && sqlite3_stricmp(collation, "BINARY") == 0;
    }

    /// SQLite presents an IN whose values it does not pass all at once as an equality, calls
    /// xFilter for each value, and compares texts with that value without the affinity of the IN.
    /// Rows would be missing, and others would be wrong. It does so for row values, and beyond its
    /// 32nd constraint.
    [[nodiscard]] bool may_be_hidden_in(int i, Operand operand) const noexcept {
        const ColumnType type = column(info_.aConstraint[i].iColumn)->type;
        const bool has_texts = type == ColumnType::any || type == ColumnType::text;
        const bool is_known = operand == Operand::constant || operand == Operand::listed ||
                              info_.aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ;
        return has_texts && !is_known && (session_.traits.has_row_in || i >= 32);
    }

    [[nodiscard]] Operand operand_of(int i) const noexcept {
        sqlite3_value* value = nullptr;
        const bool is_constant = sqlite3_vtab_rhs_value(&info_, i, &value) == SQLITE_OK;
        if (is_constant && !session_.traits.has_constant_casts) return Operand::constant;
        if (sqlite3_vtab_in(&info_, i, -1) != 0) return Operand::listed;
        return session_.traits.has_compounds ? Operand::mixed : Operand::computed;
    }

    /// Finds an equality on a column without an index by which a join can look its rows up. Prefers
    /// a field, because many rows share a version.
    void plan_lookup() {
        const bool varies =
            std::any_of(access_.conditions.begin(), access_.conditions.end(),
                        [](const Condition& c) { return c.operand != Operand::constant; });
        if (varies || !session_.snapshot) return;
        std::optional<int> chosen;
        for (int i = 0; i < info_.nConstraint; ++i) {
            if (!can_look_up(i)) continue;
            const bool is_field =
                column(info_.aConstraint[i].iColumn)->source == ColumnSource::field;
            if (!chosen || is_field) chosen = i;
            if (is_field) break;
        }
        if (!chosen) return;
        const int number = info_.aConstraint[*chosen].iColumn;
        use(*chosen,
            {Narrowing::looked_up, static_cast<std::uint8_t>(number), operand_of(*chosen)});
    }

    [[nodiscard]] bool can_look_up(int i) const noexcept {
        const auto& constraint = info_.aConstraint[i];
        const ColumnSpec* spec = column(constraint.iColumn);
        if (constraint.usable == 0 || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ ||
            spec == nullptr || static_cast<std::size_t>(constraint.iColumn) >= max_level) {
            return false;
        }
        if (spec->source == ColumnSource::document || spec->source == ColumnSource::name)
            return false;
        const Operand operand = operand_of(i);
        return operand != Operand::constant && operand != Operand::listed &&
               !may_be_hidden_in(i, operand) && has_binary_collation(i);
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

    static std::optional<Narrowing> bound_of(unsigned char op) noexcept {
        switch (op) {
            case SQLITE_INDEX_CONSTRAINT_EQ: return Narrowing::name_is;
            case SQLITE_INDEX_CONSTRAINT_GT: return Narrowing::name_after;
            case SQLITE_INDEX_CONSTRAINT_GE: return Narrowing::name_from;
            case SQLITE_INDEX_CONSTRAINT_LT: return Narrowing::name_before;
            case SQLITE_INDEX_CONSTRAINT_LE: return Narrowing::name_up_to;
            default: return std::nullopt;
        }
    }

    /// SQLite checks the condition as well, so the table may return more rows.
    void use(int i, Condition condition) {
        if (condition.operand == Operand::listed) sqlite3_vtab_in(&info_, i, 1);
        access_.conditions.push_back(condition);
        info_.aConstraintUsage[i].argvIndex = static_cast<int>(access_.conditions.size());
    }

    void plan_order() {
        const ColumnSpec* first = column(info_.aOrderBy[0].iColumn);
        if (first == nullptr) return;
        if (first->source == ColumnSource::name) {  // nothing can follow: names are unique
            info_.orderByConsumed = info_.aOrderBy[0].desc == 0 && !has_name_lists() ? 1 : 0;
            return;
        }
        // SQLite sorts for ORDER BY itself, which keeps no more rows than its LIMIT.
        if (sqlite3_vtab_distinct(&info_) == 0 || has(Narrowing::name_is)) return;
        if (has(Narrowing::looked_up)) return;
        std::vector<GroupColumn> groups;
        for (int i = 0; i < info_.nOrderBy; ++i) {
            if (info_.aOrderBy[i].iColumn < 0) return;
            groups.push_back(
                {static_cast<std::size_t>(info_.aOrderBy[i].iColumn), info_.aOrderBy[i].desc != 0});
        }
        access_.groups = std::move(groups);
        info_.orderByConsumed = 1;
    }

    /// The names of one listed value precede those of the next.
    [[nodiscard]] bool has_name_lists() const noexcept {
        return std::any_of(
            access_.conditions.begin(), access_.conditions.end(),
            [](const Condition& c) { return c.operand == Operand::listed && !is_of_field(c.how); });
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
        double rows = 1;     // in the result
        double visited = 1;  // below the known part of the name
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
        if (has(Narrowing::looked_up)) share *= share_of_value;
        const double all = std::min(visited, records_max);
        rows = std::max(1.0, std::min(rows, records_max) * share);
        visited = std::max(rows, all * share);
        if (has(Narrowing::looked_up)) visited += all * share_of_lookup;
        if (has(Narrowing::name_is) || is_known) rows = visited = 1;
        // Values other than constants may be compared as numbers, and several names can equal a
        // number.
        const bool are_constant =
            std::all_of(access_.conditions.begin(), access_.conditions.end(),
                        [](const Condition& c) { return c.operand == Operand::constant; });
        if (rows <= 1 && are_constant && (has(Narrowing::name_is) || is_known)) {
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
