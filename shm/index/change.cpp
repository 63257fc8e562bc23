#include "shm/index/change.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <new>

namespace ringside::shm::index {

std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                    a.begin());
}

void Change::Content::append(std::string separator, Content&& after) {
    separators.push_back(std::move(separator));
    std::move(after.separators.begin(), after.separators.end(), std::back_inserter(separators));
    children.insert(children.end(), after.children.begin(), after.children.end());
}

Change::Content Change::Content::split_off(std::string& separator) {
    const auto half = static_cast<std::ptrdiff_t>(children.size() / 2);
    separator = separators[static_cast<std::size_t>(half) - 1];
    Content right{level,
                  {children.begin() + half, children.end()},
                  {separators.begin() + half, separators.end()}};
    children.erase(children.begin() + half, children.end());
    separators.erase(separators.begin() + half - 1, separators.end());
    return right;
}

Offset Change::begin_node(const NodeHeader& header) {
    const Offset offset = heap_->allocate(header.bytes(), purpose_);
    if (offset == 0) return 0;
    built_.push_back({offset, header.bytes()});
    new (segment_.at<std::byte>(offset)) Word(std::bit_cast<std::uint64_t>(header));
    reach(CrashPoint::index_node_built);
    return offset;
}

Change::Content Change::content_of(Offset inner) const {
    const Inner node(segment_, inner);
    Content content{node.header().level, {}, {}};
    for (const Word& child : node.children()) {
        content.children.push_back(child.load(std::memory_order_relaxed));
    }
    for (std::uint32_t i = 0; i + 1 < node.count(); ++i) {
        content.separators.emplace_back(node.prefix()).append(node.rest(i));
    }
    return content;
}

Offset Change::build_inner(const Content& content) {
    const auto& separators = content.separators;
    const std::size_t skip =
        separators.empty() ? 0 : common_prefix(separators.front(), separators.back());
    std::size_t text_bytes = skip;
    for (const std::string& separator : separators) text_bytes += separator.size() - skip;
    const Offset offset = begin_node({.level = content.level,
                                      .count = static_cast<std::uint16_t>(content.children.size()),
                                      .skip = static_cast<std::uint16_t>(skip),
                                      .text_bytes = static_cast<std::uint16_t>(text_bytes)});
    if (offset == 0) return 0;
    const Inner node(segment_, offset);
    for (std::size_t i = 0; i < content.children.size(); ++i) {
        new (&node.children()[i]) Word(content.children[i]);
    }
    char* text = node.text().data();
    if (skip > 0) text += separators.front().copy(text, skip);
    for (std::size_t i = 0; i < separators.size(); ++i) {
        text += separators[i].copy(text, std::string::npos, skip);
        node.heads()[i] = head_of(separators[i], skip);
        node.ends()[i] = static_cast<std::uint16_t>(text - node.text().data());
    }
    return offset;
}

Offset Change::build_leaf(std::span<const std::uint32_t> ids) {
    const std::size_t skip =
        common_prefix(name_of(segment_, ids.front()), name_of(segment_, ids.back()));
    const Offset offset = begin_node({.count = static_cast<std::uint16_t>(ids.size()),
                                      .skip = static_cast<std::uint16_t>(skip)});
    if (offset == 0) return 0;
    const Leaf leaf(segment_, offset);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        leaf.heads()[i] = head_of(name_of(segment_, ids[i]), skip);
        leaf.ids()[i] = ids[i];
    }
    return offset;
}

/// The names in `old` need not be read. If the common prefix becomes shorter, the last bytes of the
/// old prefix are inserted at the front of the heads.
Offset Change::build_with(const Leaf& old, std::uint32_t at, std::uint32_t id,
                          std::string_view name) {
    const std::string_view prefix = name_of(segment_, old.ids()[0]).substr(0, old.skip());
    const auto skip = static_cast<std::uint32_t>(common_prefix(name, prefix));
    const std::uint32_t lost = old.skip() - skip;
    const std::uint32_t prefix_head = head_of(prefix, skip);
    const auto longer = [&](std::uint32_t head) {
        if (lost == 0) return head;
        return lost >= 4 ? prefix_head : prefix_head | (head >> (lost * 8));
    };
    const Offset offset = begin_node({.count = static_cast<std::uint16_t>(old.count() + 1),
                                      .skip = static_cast<std::uint16_t>(skip)});
    if (offset == 0) return 0;
    const Leaf leaf(segment_, offset);
    const auto heads = old.heads();
    auto head = std::transform(heads.begin(), heads.begin() + at, leaf.heads().begin(), longer);
    *head++ = head_of(name, skip);
    std::transform(heads.begin() + at, heads.end(), head, longer);
    const auto ids = old.ids();
    auto place = std::copy(ids.begin(), ids.begin() + at, leaf.ids().begin());
    *place++ = id;
    std::copy(ids.begin() + at, ids.end(), place);
    return offset;
}

Offset Change::build_without(const Leaf& old, std::uint32_t at) {
    const Offset offset = begin_node({.count = static_cast<std::uint16_t>(old.count() - 1),
                                      .skip = static_cast<std::uint16_t>(old.skip())});
    if (offset == 0) return 0;
    const auto copy_without = [at](std::span<const std::uint32_t> from,
                                   std::span<std::uint32_t> to) {
        std::copy(from.begin() + at + 1, from.end(), std::copy_n(from.begin(), at, to.begin()));
    };
    const Leaf leaf(segment_, offset);
    copy_without(old.heads(), leaf.heads());
    copy_without(old.ids(), leaf.ids());
    return offset;
}

}  // namespace ringside::shm::index
