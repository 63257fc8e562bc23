#include "ringside/record_cursor.hpp"

#include "scan.hpp"
#include "snapshot_impl.hpp"

namespace ringside {

class RecordCursor::Impl {
public:
    Impl(const Snapshot::Impl& snapshot, const Pattern& pattern, NameRange range)
        : snapshot_(snapshot),
          scan_(snapshot.segment(), snapshot.revision, pattern, std::move(range)) {}

    Result<std::span<const RecordView>> next() {
        const auto batch = scan_.next();
        if (auto checked = snapshot_.check(); !checked) return checked.error();
        return batch;
    }

private:
    const Snapshot::Impl& snapshot_;
    detail::Scan scan_;
};

RecordCursor::RecordCursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordCursor::RecordCursor(RecordCursor&&) noexcept = default;
RecordCursor& RecordCursor::operator=(RecordCursor&&) noexcept = default;
RecordCursor::~RecordCursor() = default;

Result<std::span<const RecordView>> RecordCursor::next() { return impl_->next(); }

Result<RecordCursor> Snapshot::cursor(std::string_view pattern, NameRange range) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    if (auto checked = impl_->check(); !checked) return checked.error();
    return RecordCursor(std::make_unique<RecordCursor::Impl>(*impl_, *parsed, std::move(range)));
}

}  // namespace ringside
