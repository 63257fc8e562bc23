#include "row_collector.hpp"

#include <algorithm>
#include <iterator>

namespace ringside::query {

RowReader::RowReader(const Query& query) {
    for (const Field& field : query.selected()) readers_.emplace_back(field);
    if (readers_.empty()) readers_.emplace_back(Field::name());
}

std::size_t RowReader::read(const Candidate& candidate, std::vector<OwnedScalar>& into) const {
    std::size_t bytes = width() * sizeof(OwnedScalar);
    for (const FieldReader& reader : readers_) {
        into.emplace_back(reader(*candidate.record));
        bytes += into.back().heap_bytes();
    }
    return bytes;
}

RowCollector::RowCollector(const Query& query)
    : reader_(query), limit_(query.row_limit().value_or(SIZE_MAX)) {}

Result<bool> RowCollector::take(std::span<const Candidate> records) {
    for (const Candidate& record : records) {
        if (is_full()) return false;
        bytes_ += reader_.read(record, values_);
        if (auto checked = check_bytes(bytes_); !checked) return checked.error();
    }
    return !is_full();
}

Result<void> RowCollector::merge(Collector& later) {
    auto& other = static_cast<RowCollector&>(later);
    const std::size_t width = reader_.width();
    const std::size_t room = limit_ - values_.size() / width;
    const auto taken =
        static_cast<std::ptrdiff_t>(std::min(room, other.values_.size() / width) * width);
    values_.insert(values_.end(), std::make_move_iterator(other.values_.begin()),
                   std::make_move_iterator(other.values_.begin() + taken));
    bytes_ += other.bytes_;
    return check_bytes(bytes_);
}

void RowCollector::finish(Rows& rows) { rows.adopt(std::move(values_)); }

}  // namespace ringside::query
