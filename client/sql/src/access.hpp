#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>
#include <vector>

#include "operand.hpp"
#include "ringside/record_cursor.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// How a condition narrows what must be read.
enum class Narrowing : char {
    name_is = '=',
    name_from = 'g',    ///< name >= value
    name_after = 'a',   ///< name > value
    name_before = 'b',  ///< name < value
    name_up_to = 'u',   ///< name <= value
    name_glob = '*',
    name_like = '%',
    level_is = 'l',
    // A condition on a column that has a secondary index.
    field_is = 'f',
    field_from = 'G',
    field_after = 'A',
    field_before = 'B',
    field_up_to = 'U',
    /// Equality with a column that has no index: see column_lookup.hpp.
    looked_up = 'h',
};

[[nodiscard]] constexpr bool is_of_field(Narrowing how) noexcept {
    return how == Narrowing::field_is || how == Narrowing::field_from ||
           how == Narrowing::field_after || how == Narrowing::field_before ||
           how == Narrowing::field_up_to;
}

/// A condition that the index answers. Its value is known when the query runs.
struct Condition {
    Narrowing how;
    std::uint8_t level = 0;  ///< for level_is, the level; for conditions on a column, the column
    Operand operand = Operand::constant;
};

/// A column of GROUP BY.
struct GroupColumn {
    std::size_t column = 0;
    bool is_descending = false;
};

/// How SQLite reads a table. Its planner makes the decision, and its program carries it as text.
struct Access {
    std::vector<Condition> conditions{};  ///< in the order of the values
    std::vector<GroupColumn> groups{};    ///< empty: in the order of names

    [[nodiscard]] const Condition* lookup() const noexcept;  ///< null if there is none

    [[nodiscard]] std::string encode() const;
    [[nodiscard]] static Access decode(std::string_view text);
};

/// Returns whether a level can be compared directly in the names of all records of the pattern.
[[nodiscard]] bool is_fixed_level(const Pattern& pattern, std::size_t level) noexcept;

/// The part of a table that must be read for the values of its conditions.
class Scope {
public:
    explicit Scope(const Pattern& pattern) : pattern_(pattern.text()) {}

    /// Applies a condition. The remaining rows may still fail it.
    void narrow(const Condition& condition, sqlite3_value* value);

    /// No row can match.
    [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }
    /// Only this name can match.
    [[nodiscard]] const std::optional<std::string>& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }
    [[nodiscard]] const NameRange& range() const noexcept { return range_; }
    /// Returns a pattern that matches all names of the pattern within the range.
    [[nodiscard]] std::string cover() const;

private:
    void begin_at(std::string name);
    void end_before(std::string name);
    void name_is(std::string name);
    void begins_with(std::string prefix);
    void level_is(std::size_t level, std::string_view text);

    std::string pattern_;
    NameRange range_;
    std::optional<std::string> name_;
    bool is_empty_ = false;
};

}  // namespace ringside::sql
