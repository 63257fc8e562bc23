#pragma once

#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/grid/grid_access.hpp"

namespace ringside::gateway::deepstream {

/// Records as they are in the grid, for rules that look at them.
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

/// The same, with what an event or a call carries.
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
