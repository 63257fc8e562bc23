#pragma once

#include "bench/peers/peer.hpp"

namespace ringside::bench {

/// The names of selected records, built in advance.
class PickedNames {
public:
    explicit PickedNames(const std::vector<std::uint32_t>& indices) {
        texts_.reserve(indices.size());
        for (const std::uint32_t i : indices) texts_.push_back(name_of(i));
        views_.assign(texts_.begin(), texts_.end());
    }
    [[nodiscard]] Names all() const { return views_; }
    /// Returns the first of this many parts.
    [[nodiscard]] Names part(std::size_t parts) const {
        return all().first(std::max(views_.size() / parts, std::min(batch_size, views_.size())));
    }

private:
    std::vector<std::string> texts_;
    std::vector<std::string_view> views_;
};

}  // namespace ringside::bench
