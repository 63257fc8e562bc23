#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine/grid.hpp"

namespace ringside::broker {

/// The records under `$sys/`: their target state, and the differences from the grid. They are
/// written between requests, and retried later if the grid has no room. No operation of a session
/// waits for them or fails because of them. Thread safety: the engine thread only.
class SystemRecords {
public:
    explicit SystemRecords(Grid& grid) noexcept : grid_(&grid) {}

    void set(std::string name, Bytes document);
    void erase(const std::string& name);

    /// Registers a record of a former broker that the grid already has.
    void inherit(std::string name, Bytes document) {
        wanted_.emplace(std::move(name), std::move(document));
    }

    /// Commits pending changes as far as the grid accepts them. Refused changes are retried after a
    /// pause.
    void write(std::uint64_t now_ns);
    [[nodiscard]] bool has_work() const noexcept { return has_names() && again_at_ns_ == 0; }
    /// Returns whether the grid has refused a change.
    [[nodiscard]] bool is_held_up() const noexcept { return again_at_ns_ != 0; }

private:
    using Names = std::set<std::string, std::less<>>;
    static constexpr std::size_t commands_per_commit = 64;

    static constexpr std::uint64_t pause_ns = 10'000'000;

    [[nodiscard]] bool has_names() const noexcept {
        return !to_put_.empty() || !to_remove_.empty();
    }
    [[nodiscard]] bool write(Names& names);
    [[nodiscard]] std::optional<Command> command_for(std::string_view name) const;

    Grid* grid_;
    std::map<std::string, Bytes, std::less<>> wanted_;
    Names to_put_;
    Names to_remove_;
    std::uint64_t again_at_ns_ = 0;  ///< 0: nothing was refused
    std::vector<Version> versions_;
};

}  // namespace ringside::broker
