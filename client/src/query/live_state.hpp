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

/// Whether two rows are the same in every byte: `==` would hold for any two containers.
[[nodiscard]] bool is_identical(Row a, Row b) noexcept;

/// Bytes that values take on the heap, about.
[[nodiscard]] std::size_t heap_bytes(Row values) noexcept;

/// The result of a live query, as it is built from records and changed by them.
class LiveState {
public:
    virtual ~LiveState() = default;

    /// The record has these values from now on; none: it does not belong to the result.
    virtual void apply(std::string_view name, const Values* values) = 0;
    /// What is there has been told. Before the first time, no changes are kept.
    virtual void settle() = 0;
    /// Tells what has changed since the last time.
    virtual void collect(std::vector<LiveChange>& changes) = 0;

    /// The row of a key, as it was told. Valid until the next change.
    [[nodiscard]] virtual std::optional<Row> find(Row key) const = 0;
    /// All rows, as they were told.
    virtual void each(const std::function<void(Row key, Row row)>& visit) const = 0;

    /// What all of it takes, about.
    [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;

    static std::unique_ptr<LiveState> make(const LiveDescription& description);
};

}  // namespace ringside::query
