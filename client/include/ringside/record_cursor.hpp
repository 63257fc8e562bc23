#pragma once

#include <memory>
#include <span>
#include <string>

#include "ringside/record.hpp"

namespace ringside {

/// Names from `begin` on, up to but without `end`, in byte order. Empty: from the first, up to the
/// last.
struct NameRange {
    std::string begin{};
    std::string end{};
};

/// A walk over records of a Snapshot in byte order of their names, a batch at a time, with the
/// cache misses of the next ones overlapped. Made by `Snapshot::cursor`.
///
///     RecordCursor cursor = snapshot.cursor("event/42/seat/*").value();
///     for (auto batch = cursor.next().value(); !batch.empty(); batch = cursor.next().value())
///         for (const RecordView& record : batch) use(record);
///
/// Thread safety: one thread; others may have cursors of their own on the same Snapshot.
class RecordCursor {
public:
    static constexpr std::size_t batch_max = 64;

    RecordCursor(RecordCursor&&) noexcept;
    RecordCursor& operator=(RecordCursor&&) noexcept;
    ~RecordCursor();

    /// Up to `batch_max` further records; none at the end. The span is valid until the next call,
    /// the records as long as the Snapshot.
    /// Errors: snapshot_expired, also where the batch before this one may have been spoilt.
    Result<std::span<const RecordView>> next();

    class Impl;

private:
    friend class Snapshot;
    explicit RecordCursor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
