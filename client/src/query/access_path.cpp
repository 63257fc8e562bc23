#include "access_path.hpp"

#include "../record_cursor_impl.hpp"
#include "shm/index/split.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::query {

namespace {

/// Returns the first text after all texts that begin with `prefix`, or "" if there is none.
std::string behind(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xFF') end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
    return end;
}

}  // namespace

AccessPath::AccessPath(const Snapshot::Impl& snapshot, Pattern pattern, const Predicate& predicate,
                       CandidateCost cost)
    : snapshot_(snapshot),
      pattern_(std::move(pattern)),
      cost_(cost),
      index_(choose_index(snapshot, pattern_, predicate, cost)) {}

std::vector<NameRange> AccessPath::parts(std::size_t threads) const {
    constexpr std::size_t parts_per_thread = 8;
    std::vector<NameRange> parts;
    NameRange part;
    if (threads > 1 && !uses_index()) {
        const std::string_view prefix = pattern_.literal_prefix();
        for (std::string& name : shm::split_names(snapshot_.segment(), prefix, behind(prefix),
                                                  threads * parts_per_thread)) {
            part.end = name;
            parts.push_back(std::move(part));
            part = {std::move(name), {}};
        }
    }
    parts.push_back(std::move(part));
    return parts;
}

RecordCursor AccessPath::cursor(NameRange part) const {
    const auto make = [this](auto source, auto&&... arguments) {
        return RecordCursor(std::make_unique<RecordCursor::Impl>(
            snapshot_, source, std::forward<decltype(arguments)>(arguments)...));
    };
    // An index that was dropped meanwhile is not used.
    if (const auto records = uses_index() ? index_->records(snapshot_) : std::nullopt) {
        detail::RecordList::Terms terms;
        if (index_->has_other_names) terms.pattern = pattern_;
        terms.range = std::move(part);
        terms.is_ordered = cost_ == CandidateCost::ordered;
        return make(std::in_place_type<detail::RecordList>, *records, std::move(terms));
    }
    return make(std::in_place_type<detail::Scan>, pattern_, std::move(part));
}

}  // namespace ringside::query
