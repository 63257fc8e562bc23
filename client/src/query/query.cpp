#include "ringside/query.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"
#include "shm/name/pattern.hpp"

namespace ringside {

Aggregate::Aggregate(Kind kind, std::optional<Field> field)
    : kind_(kind), field_(std::move(field)) {}

Aggregate count() { return {Aggregate::Kind::count, std::nullopt}; }
Aggregate sum(Field field) { return {Aggregate::Kind::sum, std::move(field)}; }
Aggregate average(Field field) { return {Aggregate::Kind::average, std::move(field)}; }
Aggregate min(Field field) { return {Aggregate::Kind::min, std::move(field)}; }
Aggregate max(Field field) { return {Aggregate::Kind::max, std::move(field)}; }
Aggregate distinct(Field field) { return {Aggregate::Kind::distinct, std::move(field)}; }

std::string Aggregate::label() const {
    const auto of_field = [this](const char* function) {
        return std::string(function) + "(" + field_->label() + ")";
    };
    switch (kind_) {
        case Kind::count: return "count";
        case Kind::sum: return of_field("sum");
        case Kind::average: return of_field("average");
        case Kind::min: return of_field("minimum");
        case Kind::max: return of_field("maximum");
        case Kind::distinct: return of_field("distinct");
    }
    return "unknown";
}

bool Aggregate::is_same(const Aggregate& other) const noexcept {
    return kind_ == other.kind_ && (!field_ || field_->is_same(*other.field_));
}

Query& Query::where(const Predicate& predicate) {
    predicate_ = predicate_ && predicate;
    return *this;
}
Query& Query::select(std::vector<Field> fields) {
    selected_ = std::move(fields);
    return *this;
}
Query& Query::group_by(std::vector<Field> fields) {
    keys_ = std::move(fields);
    return *this;
}
Query& Query::aggregate(std::vector<Aggregate> aggregates) {
    aggregates_ = std::move(aggregates);
    return *this;
}
Query& Query::top(std::size_t count, Field by, Order order) {
    top_ = Top{count, std::move(by), order};
    return *this;
}
Query& Query::top(std::size_t count, Aggregate by, Order order) {
    top_ = Top{count, std::move(by), order};
    return *this;
}
Query& Query::limit(std::size_t rows) {
    limit_ = rows;
    return *this;
}
Query& Query::parallel(std::size_t threads) {
    threads_ = threads;
    return *this;
}

std::vector<std::string> Query::columns() const {
    std::vector<std::string> labels;
    for (const Field& field : is_grouped() ? keys_ : selected_) labels.push_back(field.label());
    for (const Aggregate& aggregate : aggregates_) labels.push_back(aggregate.label());
    if (labels.empty()) labels.push_back(Field::name().label());
    return labels;
}

std::optional<std::size_t> Query::top_column() const {
    if (!top_ || !is_grouped()) return std::nullopt;
    const auto place_of = [](const auto& among, const auto& wanted) {
        const auto found =
            std::ranges::find_if(among, [&](const auto& one) { return one.is_same(wanted); });
        return static_cast<std::size_t>(found - among.begin());
    };
    if (const auto* by = std::get_if<Field>(&top_->by)) {
        const std::size_t place = place_of(keys_, *by);
        return place < keys_.size() ? std::optional(place) : std::nullopt;
    }
    const std::size_t place = place_of(aggregates_, std::get<Aggregate>(top_->by));
    return place < aggregates_.size() ? std::optional(keys_.size() + place) : std::nullopt;
}

Result<void> Query::check_fields() const {
    const auto check = [](const Field& field) -> Result<void> {
        if (!field.error()) return {};
        return *field.error();
    };
    for (const auto* fields : {&selected_, &keys_}) {
        for (const Field& field : *fields) {
            if (auto checked = check(field); !checked) return checked;
        }
    }
    for (const Aggregate& aggregate : aggregates_) {
        if (!aggregate.field()) continue;
        if (auto checked = check(*aggregate.field()); !checked) return checked;
    }
    const auto* by = top_ ? std::get_if<Field>(&top_->by) : nullptr;
    return by == nullptr ? Result<void>() : check(*by);
}

Result<void> Query::check() const {
    if (auto parsed = Pattern::parse(pattern_); !parsed) return parsed.error();
    if (const auto error = predicate_.error()) return *error;
    if (auto checked = check_fields(); !checked) return checked;
    if (is_grouped() && !selected_.empty())
        return Error(Errc::bad_query,
                     "the query selects fields and aggregates; use one or the other, or group by "
                     "the fields");
    if (top_ && is_grouped() && !top_column())
        return Error(Errc::bad_query,
                     "the query sorts its top rows by a column that the result lacks");
    if (top_ && !is_grouped() && std::holds_alternative<Aggregate>(top_->by))
        return Error(Errc::bad_query, "the query sorts its top rows by an aggregate that it lacks");
    if (threads_ > limits::query_threads_max)
        return Error(Errc::bad_query,
                     "at most " + std::to_string(limits::query_threads_max) + " threads");
    if (selected_.size() + keys_.size() + aggregates_.size() > limits::query_columns_max)
        return Error(Errc::query_too_large,
                     "more than " + std::to_string(limits::query_columns_max) + " columns");
    return {};
}

}  // namespace ringside
