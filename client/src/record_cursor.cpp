#include "ringside/record_cursor.hpp"

#include "query/access_path.hpp"
#include "record_cursor_impl.hpp"

namespace ringside {

RecordCursor::RecordCursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordCursor::RecordCursor(RecordCursor&&) noexcept = default;
RecordCursor& RecordCursor::operator=(RecordCursor&&) noexcept = default;
RecordCursor::~RecordCursor() = default;

Result<std::span<const RecordView>> RecordCursor::next() { return impl_->next(); }

bool Snapshot::is_indexed(std::string_view pattern, const Field& field) const {
    const auto parsed = Pattern::parse(pattern);
    return parsed && query::has_index(*impl_, *parsed, field);
}

Result<RecordCursor> Snapshot::cursor(std::string_view pattern, NameRange range) const {
    return cursor(pattern, Predicate(), std::move(range));
}

Result<RecordCursor> Snapshot::cursor(std::string_view pattern, const Predicate& predicate,
                                      NameRange range) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    if (const auto error = predicate.error()) return *error;
    if (auto checked = impl_->check(); !checked) return checked.error();
    const query::AccessPath path(*impl_, std::move(*parsed), predicate,
                                 query::CandidateCost::ordered);
    return path.cursor(std::move(range));
}

}  // namespace ringside
