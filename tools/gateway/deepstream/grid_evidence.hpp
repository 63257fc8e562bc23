#pragma once

#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/grid/grid_access.hpp"

namespace ringside::gateway::deepstream {

/// The current state of records in the grid, for rules that read it.
class GridEvidence : public Evidence {
public:
    explicit GridEvidence(GridAccess& grid) noexcept : grid_(grid) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override {
        return grid_.records()(name);
    }
    [[nodiscard]] std::optional<std::string> data() const override { return std::nullopt; }

private:
    GridAccess& grid_;
};

/// Adds the payload of an event or a call.
class PayloadEvidence final : public GridEvidence {
public:
    PayloadEvidence(GridAccess& grid, std::string_view json) noexcept
        : GridEvidence(grid), json_(json) {}
    [[nodiscard]] std::optional<std::string> data() const override {
        if (json_.empty()) return std::nullopt;
        return std::string(json_);
    }

private:
    const std::string_view json_;
};

}  // namespace ringside::gateway::deepstream
