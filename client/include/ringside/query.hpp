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

/// What is computed of the records of one group. What is null counts for nothing but `count()`.
class Aggregate {
public:
    enum class Kind : std::uint8_t { count, sum, average, minimum, maximum, distinct };

    Aggregate(Kind kind, std::optional<Field> field);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// None for `count`.
    [[nodiscard]] const std::optional<Field>& field() const noexcept { return field_; }
    /// What its column is called: "count", "sum(/price)", …
    [[nodiscard]] std::string label() const;
    [[nodiscard]] bool is_same(const Aggregate& other) const noexcept;

private:
    Kind kind_;
    std::optional<Field> field_;
};

/// Records of the group: an integer.
Aggregate count();
/// Exact over integers, and an integer where it fits std::int64_t; otherwise, and where a real is
/// among the numbers, the real that is nearest to the exact sum: infinite if the sum is beyond the
/// largest double. What is no number counts for nothing; null where there is no number.
Aggregate sum(Field field);
/// The real that is nearest to the exact sum divided by the count of numbers: finite even if the sum
/// is beyond the largest double. Null if there is no number.
Aggregate average(Field field);
/// The least or greatest in the order of Scalar; null where all are null.
Aggregate minimum(Field field);
Aggregate maximum(Field field);
/// How many different ones there are, null apart: an integer. Equal are 1 and 1.0, and all
/// containers.
Aggregate distinct(Field field);

enum class Order : std::uint8_t { ascending, descending };

/// A question about the records whose names match a pattern. A description only: `Snapshot::run`
/// answers it at one instant, `Client::live_query` keeps the answer up to date.
///
///     const Rows rows = snapshot.run(scan("event/*/seat/*")
///                                        .where(field("/status") == "sold")
///                                        .group_by({"/section"})
///                                        .aggregate({count(), sum("/price")})).value();
///     for (const auto row : rows) print(row[0].as_string(), row[1].as_int64());
///
/// Without `group_by` and `aggregate` there is a row for each record, in the order of names, with
/// the fields of `select`, or its name where nothing is selected. With them there is a row for each
/// group, in the order of their keys: first the fields it is grouped by, then the aggregates. What
/// a record lacks is null, and null is a group. Aggregates alone give one row, always.
///
/// Thread safety: none while it is described; may be run by several threads at once.
class Query {
public:
    /// A glob pattern as that of `Snapshot::scan`.
    explicit Query(std::string_view pattern) : pattern_(pattern) {}

    /// Only records that pass. Again: all of them must hold.
    Query& where(const Predicate& predicate);
    Query& select(std::vector<Field> fields);
    Query& group_by(std::vector<Field> fields);
    Query& aggregate(std::vector<Aggregate> aggregates);
    /// Only the `count` rows that come first by this field, in that order; equal ones in the order
    /// they would have had. Of groups: by a field they are grouped by, or one of their aggregates.
    Query& top(std::size_t count, Field by, Order order = Order::descending);
    Query& top(std::size_t count, Aggregate by, Order order = Order::descending);
    /// Only the first rows.
    Query& limit(std::size_t rows);
    /// So many threads, the caller's among them; the result is the same. 0: as many as there are
    /// cores.
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
    /// Whether there is a row for each group instead of each record.
    [[nodiscard]] bool is_grouped() const noexcept {
        return !keys_.empty() || !aggregates_.empty();
    }
    /// Names of the columns of the result.
    [[nodiscard]] std::vector<std::string> columns() const;

    /// The column that the top groups are wanted by; none without them, or where it is missing.
    [[nodiscard]] std::optional<std::size_t> top_column() const;

    /// The first mistake in it. Errors: bad_pattern, bad_pointer, bad_query, query_too_large.
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

/// A query over the records whose names match.
inline Query scan(std::string_view pattern) { return Query(pattern); }

}  // namespace ringside
