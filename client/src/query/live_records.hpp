#pragma once

#include "live_state.hpp"
#include "name_map.hpp"

namespace ringside::query {

/// A row per record.
class LiveRecords final : public LiveState {
public:
    void apply(std::string_view name, const Values* values) override;
    void settle() override { is_settled_ = true; }
    void collect(std::vector<LiveChange>& changes) override;
    [[nodiscard]] std::optional<Row> find(Row key) const override;
    void each(const std::function<void(Row key, Row row)>& visit) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override { return bytes_; }

private:
    [[nodiscard]] static std::size_t bytes_of(std::string_view name, const Values& row) noexcept {
        return entry_bytes(name) + sizeof(Values) + heap_bytes(row);
    }
    /// Stores the delivered row of a record before its first change since.
    void remember(std::string_view name, std::optional<Values> told);

    NameMap<Values> rows_;
    NameMap<std::optional<Values>> told_;  ///< rows of changed records; none if there was no row
    bool is_settled_ = false;
    std::size_t bytes_ = 0;
};

}  // namespace ringside::query
