#include "shm/index/split.hpp"

#include <algorithm>

#include "shm/index/node.hpp"

namespace ringside::shm {

using index::Inner;
using index::NodeHeader;

namespace {

/// A node that covers names of the range. It has no name below `low`.
struct Subtree {
    Offset node;
    std::string low;
};

class Splitter {
public:
    Splitter(const SegmentView& segment, std::string_view begin, std::string_view end) noexcept
        : segment_(segment), begin_(begin), end_(end) {}

    /// Returns the subtrees of the first level that has `wanted` of them, or of the lowest level.
    [[nodiscard]] std::vector<Subtree> find(std::size_t wanted) const {
        // SYNC index-link: R1, as in NameIndexCursor::seek.
        const Offset root = segment_.header().root.index.load(std::memory_order_acquire);
        if (!index::is_node(segment_, root)) return {};
        std::vector<Subtree> nodes = {{root, std::string()}};
        std::uint32_t level = index::header_at(segment_, root).level;
        for (; level > 0 && nodes.size() < wanted; --level) {
            std::vector<Subtree> below;
            for (const Subtree& node : nodes) add_children(node, level, below);
            nodes = std::move(below);
        }
        return nodes;
    }

private:
    void add_children(const Subtree& parent, std::uint32_t level, std::vector<Subtree>& to) const {
        if (!index::is_node(segment_, parent.node)) return;
        const NodeHeader header = index::header_at(segment_, parent.node);
        if (header.level != level || !index::is_plausible(segment_, parent.node, header)) return;
        const Inner node(segment_, parent.node, header);
        for (std::uint32_t child = 0; child < node.count(); ++child) {
            const bool is_last = child + 1 == node.count();
            const bool is_before = !is_last && separator(node, child) <= begin_;
            std::string low = child == 0 ? parent.low : separator(node, child - 1);
            const bool is_beyond = !end_.empty() && low >= end_;
            if (is_before || is_beyond) continue;
            // SYNC index-link: R2, as in NameIndexCursor::child_at.
            to.push_back({node.children()[child].load(std::memory_order_acquire), std::move(low)});
        }
    }
    /// All names in child i + 1 are at or above it.
    [[nodiscard]] static std::string separator(const Inner& node, std::uint32_t i) {
        return std::string(node.prefix()).append(node.rest(i));
    }

    SegmentView segment_;
    std::string_view begin_;
    std::string_view end_;
};

}  // namespace

std::vector<std::string> split_names(const SegmentView& segment, std::string_view begin,
                                     std::string_view end, std::size_t parts) {
    constexpr std::size_t subtrees_per_part = 8;
    std::vector<Subtree> subtrees = Splitter(segment, begin, end).find(parts * subtrees_per_part);
    std::vector<std::string> names;
    for (std::size_t part = 1; part < parts; ++part) {
        const std::size_t first = part * subtrees.size() / parts;
        if (first == 0 || first >= subtrees.size()) continue;
        std::string& name = subtrees[first].low;
        const bool is_further = name > (names.empty() ? begin : std::string_view(names.back()));
        if (is_further && (end.empty() || name < end)) names.push_back(std::move(name));
    }
    return names;
}

}  // namespace ringside::shm
