#include "live_records.hpp"

#include <algorithm>

namespace ringside::query {

void LiveRecords::apply(std::string_view name, const Values* values) {
    const auto found = rows_.find(name);
    const bool is_there = found != rows_.end();
    if (values == nullptr) {
        if (!is_there) return;
        bytes_ -= bytes_of(name, found->second);
        remember(name, std::move(found->second));
        rows_.erase(found);
        return;
    }
    if (is_there && is_identical(found->second, *values)) return;
    bytes_ += bytes_of(name, *values);
    if (!is_there) {
        remember(name, std::nullopt);
        rows_.emplace(name, *values);
        return;
    }
    bytes_ -= bytes_of(name, found->second);
    remember(name, std::exchange(found->second, *values));
}

void LiveRecords::remember(std::string_view name, std::optional<Values> told) {
    if (is_settled_) told_.emplace(name, std::move(told));
}

void LiveRecords::collect(std::vector<LiveChange>& changes) {
    for (auto& [name, told] : told_) {
        const auto now = rows_.find(name);
        const bool is_there = now != rows_.end();
        Values key = {Scalar::string(name)};
        if (!told && is_there) {
            changes.push_back({LiveChange::Kind::added, std::move(key), now->second});
        } else if (told && !is_there) {
            changes.push_back({LiveChange::Kind::removed, std::move(key), std::move(*told)});
        } else if (told && !is_identical(*told, now->second)) {
            changes.push_back({LiveChange::Kind::changed, std::move(key), now->second});
        }
    }
    told_.clear();
}

std::optional<Row> LiveRecords::find(Row key) const {
    const std::string_view name = *key.front().as_string();
    if (const auto told = told_.find(name); told != told_.end())
        return told->second ? std::optional<Row>(*told->second) : std::nullopt;
    const auto found = rows_.find(name);
    return found == rows_.end() ? std::nullopt : std::optional<Row>(found->second);
}

void LiveRecords::each(const std::function<void(Row key, Row row)>& visit) const {
    const auto show = [&](std::string_view name, Row row) {
        const OwnedScalar key = Scalar::string(name);
        visit({&key, 1}, row);
    };
    for (const auto& [name, row] : rows_) {
        if (!told_.contains(name)) show(name, row);
    }
    for (const auto& [name, row] : told_) {
        if (row) show(name, *row);
    }
}

}  // namespace ringside::query
