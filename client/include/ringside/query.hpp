#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ringside/field.hpp"
#include "ringside/predicate.hpp"
#include "ringside/rows.hpp"

namespace ringside {

/// Aggregate over the records of one group. Nulls are ignored, except by `count()`.
/// Thread safety: immutable.
class Aggregate {
public:
    enum class Kind : std::uint8_t { count, sum, average, min, max, distinct };

    Aggregate(Kind kind, std::optional<Field> field);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// Returns no field for `count`.
    [[nodiscard]] const std::optional<Field>& field() const noexcept { return field_; }
    /// Name of the result column: "count", "sum(/price)", …
    [[nodiscard]] std::string label() const;
    [[nodiscard]] bool is_same(const Aggregate& other) const noexcept;

private:
    Kind kind_;
    std::optional<Field> field_;
};

/// Number of records in the group, as an integer.
Aggregate count();
/// Exact sum of the numbers. An integer if all are integers and the sum fits std::int64_t;
/// otherwise the real nearest to the exact sum, infinite if the sum is beyond the largest double.
/// Ignores values that are not numbers; null without any number.
Aggregate sum(Field field);
/// Mean of the numbers: the real nearest to the exact sum divided by the count. Finite even if the
/// sum is beyond the largest double. Null without any number.
Aggregate average(Field field);
/// Least or greatest value in the order of Scalar. Null if all values are null.
Aggregate min(Field field);
Aggregate max(Field field);
[[deprecated("use min")]] inline Aggregate minimum(Field field) { return min(std::move(field)); }
[[deprecated("use max")]] inline Aggregate maximum(Field field) { return max(std::move(field)); }
/// Number of distinct values other than null, as an integer. 1 equals 1.0, and all containers are
/// equal.
Aggregate distinct(Field field);

/// Order of the rows of `Query::top`.
enum class Order : std::uint8_t { ascending, descending };

/// Query over the records whose names match a pattern. Only a description: `Snapshot::run` runs it
/// at one revision, `Client::live_query` keeps its result up to date.
///
///     const Rows rows = snapshot.run(scan("event/*/seat/*")
///                                        .where(field("/status") == "sold")
///                                        .group_by({"/section"})
///                                        .aggregate({count(), sum("/price")})).value();
///     for (const auto row : rows) print(row[0].as_string(), row[1].as_int64());
///
/// Without `group_by` and `aggregate` there is one row per record, in the order of names. It has
/// the fields of `select`, or the name if nothing is selected.
/// With them there is one row per group, in the order of the keys: first the keys, then the
/// aggregates. A missing value is null, and null forms a group. Aggregates without keys always
/// return one row.
///
/// Thread safety: none while it is built; several threads may run it concurrently.
class Query {
public:
    /// Takes a glob pattern as `Snapshot::scan` does.
    explicit Query(std::string_view pattern) : pattern_(pattern) {}

    /// Keeps only records for which the predicate holds. Several calls: all predicates must hold.
    Query& where(const Predicate& predicate);
    /// Fields of each row of a query without groups.
    Query& select(std::vector<Field> fields);
    /// Keys of the groups.
    Query& group_by(std::vector<Field> fields);
    /// Aggregates of each group.
    Query& aggregate(std::vector<Aggregate> aggregates);
    /// Keeps only the first `count` rows by this field, in that order. Ties keep their original
    /// order. With groups: by one of the keys or aggregates.
    Query& top(std::size_t count, Field by, Order order = Order::descending);
    Query& top(std::size_t count, Aggregate by, Order order = Order::descending);
    /// Keeps only the first rows.
    Query& limit(std::size_t rows);
    /// Number of threads, including the calling thread. Does not change the result. 0: one per
    /// core.
    Query& parallel(std::size_t threads);

    struct Top {
        std::size_t count;
        std::variant<Field, Aggregate> by;
        Order order;
    };
    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }
    [[nodiscard]] const Predicate& predicate() const noexcept { return predicate_; }
    [[nodiscard]] const std::vector<Field>& selected() const noexcept { return selected_; }
    [[nodiscard]] const std::vector<Field>& keys() const noexcept { return keys_; }
    [[nodiscard]] const std::vector<Aggregate>& aggregates() const noexcept { return aggregates_; }
    [[nodiscard]] const std::optional<Top>& first() const noexcept { return top_; }
    [[nodiscard]] const std::optional<std::size_t>& row_limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t threads() const noexcept { return threads_; }
    /// Returns whether there is one row per group instead of one per record.
    [[nodiscard]] bool is_grouped() const noexcept {
        return !keys_.empty() || !aggregates_.empty();
    }
    /// Names of the result columns.
    [[nodiscard]] std::vector<std::string> columns() const;

    /// Index of the column that `top` orders groups by. Nothing without `top`, or if it does not
    /// exist.
    [[nodiscard]] std::optional<std::size_t> top_column() const;

    /// Checks the query and returns its first error: bad_pattern, bad_pointer, bad_query,
    /// query_too_large.
    [[nodiscard]] Result<void> check() const;

private:
    [[nodiscard]] Result<void> check_fields() const;

    std::string pattern_;
    Predicate predicate_;
    std::vector<Field> selected_;
    std::vector<Field> keys_;
    std::vector<Aggregate> aggregates_;
    std::optional<Top> top_;
    std::optional<std::size_t> limit_;
    std::size_t threads_ = 1;
};

/// Creates a query over the records whose names match.
inline Query scan(std::string_view pattern) { return Query(pattern); }

}  // namespace ringside
