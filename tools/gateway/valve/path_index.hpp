#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tools/gateway/valve/path.hpp"

namespace ringside::gateway::valve {

/// Finds the path that decides about a name: the longest of the matching paths, and the later of
/// equally long ones.
///
/// Paths are stored by their prefixes. A name is looked up with each length that a prefix has, so
/// only paths with a matching prefix are tried.
/// Thread safety: immutable once it is filled.
class PathIndex {
public:
    struct Found {
        std::size_t path;
        std::vector<std::string> variables;
    };

    /// The paths must outlive the index and must not move.
    void add(std::size_t number, const Path& path);

    [[nodiscard]] std::optional<Found> find(std::string_view name) const;

    /// Visits all paths, in order of decreasing precedence, while `visit` returns true.
    void each(const std::function<bool(std::size_t number, const Path& path)>& visit) const;

private:
    struct Entry {
        std::size_t number;
        const Path* path;
        [[nodiscard]] bool wins_over(const Entry& other) const noexcept {
            const std::size_t size = path->text().size();
            const std::size_t other_size = other.path->text().size();
            return size != other_size ? size > other_size : number > other.number;
        }
    };
    /// In order of decreasing precedence.
    using Entries = std::vector<Entry>;
    static void insert(Entries& into, const Entry& entry);

    std::unordered_map<std::string_view, Entries> by_prefix_;
    std::vector<std::size_t> prefix_sizes_;  ///< unique
    Entries all_;
};

}  // namespace ringside::gateway::valve
