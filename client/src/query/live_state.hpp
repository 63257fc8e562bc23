#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ringside/live_query.hpp"

namespace ringside::query {

using Values = std::vector<OwnedScalar>;

/// Returns whether two rows are identical byte for byte: `==` would hold for any two containers.
[[nodiscard]] bool is_identical(Row a, Row b) noexcept;

/// Returns the approximate number of bytes that values take on the heap.
[[nodiscard]] std::size_t heap_bytes(Row values) noexcept;

/// The result of a live query, built from records and updated by changes.
class LiveState {
public:
    virtual ~LiveState() = default;

    /// Sets the values of a record; null if it does not belong to the result.
    virtual void apply(std::string_view name, const Values* values) = 0;
    /// The current result has been delivered. Before the first call, no changes are stored.
    virtual void settle() = 0;
    /// Returns the changes since the last delivery.
    virtual void collect(std::vector<LiveChange>& changes) = 0;

    /// Returns the row of a key, as delivered. Valid until the next change.
    [[nodiscard]] virtual std::optional<Row> find(Row key) const = 0;
    /// Visits all rows, as delivered.
    virtual void each(const std::function<void(Row key, Row row)>& visit) const = 0;

    /// Returns the approximate size of everything.
    [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;

    static std::unique_ptr<LiveState> make(const LiveQuerySpec& description);
};

}  // namespace ringside::query
