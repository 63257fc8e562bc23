#include "tools/gateway/valve/path_index.hpp"

#include <algorithm>

namespace ringside::gateway::valve {

void PathIndex::insert(Entries& into, const Entry& entry) {
    const auto at = std::find_if(into.begin(), into.end(),
                                 [&](const Entry& other) { return entry.wins_over(other); });
    into.insert(at, entry);
}

void PathIndex::add(std::size_t number, const Path& path) {
    const Entry entry{number, &path};
    const std::size_t size = path.prefix().size();
    insert(by_prefix_[path.prefix()], entry);
    insert(all_, entry);
    if (std::find(prefix_sizes_.begin(), prefix_sizes_.end(), size) == prefix_sizes_.end()) {
        prefix_sizes_.push_back(size);
    }
}

std::optional<PathIndex::Found> PathIndex::find(std::string_view name) const {
    std::optional<Entry> best;
    std::optional<Found> found;
    for (const std::size_t size : prefix_sizes_) {
        if (size > name.size()) continue;
        const auto entries = by_prefix_.find(name.substr(0, size));
        if (entries == by_prefix_.end()) continue;
        for (const Entry& entry : entries->second) {
            if (best && !entry.wins_over(*best)) break;
            auto variables = entry.path->match(name);
            if (!variables) continue;
            best = entry;
            found = Found{entry.number, *std::move(variables)};
            break;
        }
    }
    return found;
}

void PathIndex::each(const std::function<bool(std::size_t, const Path&)>& visit) const {
    for (const Entry& entry : all_) {
        if (!visit(entry.number, *entry.path)) return;
    }
}

}  // namespace ringside::gateway::valve
