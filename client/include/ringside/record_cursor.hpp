#pragma once

#include <memory>
#include <span>
#include <string>

#include "ringside/record.hpp"

namespace ringside {

namespace query {
class AccessPath;
}

/// Names from `begin` (inclusive) to `end` (exclusive), in byte order. An empty bound is unlimited.
struct NameRange {
    std::string begin{};
    std::string end{};
};

/// Iterates over records of a Snapshot in byte order of their names, in batches. The cache misses
/// of the next records overlap. Created by `Snapshot::cursor`.
///
///     RecordCursor cursor = snapshot.cursor("event/42/seat/*").value();
///     for (auto batch = cursor.next().value(); !batch.empty(); batch = cursor.next().value())
///         for (const RecordView& record : batch) use(record);
///
/// Thread safety: one thread. Other threads may use separate cursors on the same Snapshot.
class RecordCursor {
public:
    /// Maximum number of records per batch.
    static constexpr std::size_t batch_max = 64;

    RecordCursor(RecordCursor&&) noexcept;
    RecordCursor& operator=(RecordCursor&&) noexcept;
    ~RecordCursor();

    /// Returns up to `batch_max` further records, or an empty span at the end. The span is valid
    /// until the next call, the records as long as the Snapshot.
    /// Errors: snapshot_expired (the previous batch may be invalid, too).
    Result<std::span<const RecordView>> next();

    class Impl;

private:
    friend class query::AccessPath;
    explicit RecordCursor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
