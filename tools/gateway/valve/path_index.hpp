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

/// Finds among many paths the one that decides about a name: the longest text of those that match,
/// of equal ones the later.
///
/// Paths lie by their prefixes. A name is looked up with each length that a prefix has, so that of
/// a thousand paths only those are matched that begin like the name.
/// Thread safety: immutable once it is filled.
class PathIndex {
public:
    struct Found {
        std::size_t path;
        std::vector<std::string> variables;
    };

    /// The paths must outlive it, and stay where they are.
    void add(std::size_t number, const Path& path);

    [[nodiscard]] std::optional<Found> find(std::string_view name) const;

    /// Visits all paths, the one that wins over all others first, as long as it says true.
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
    /// The one that wins first.
    using Entries = std::vector<Entry>;
    static void insert(Entries& into, const Entry& entry);

    std::unordered_map<std::string_view, Entries> by_prefix_;
    std::vector<std::size_t> prefix_sizes_;  ///< each once
    Entries all_;
};

}  // namespace ringside::gateway::valve
