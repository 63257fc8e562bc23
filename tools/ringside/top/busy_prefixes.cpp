#include "tools/ringside/top/busy_prefixes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "shm/name/name.hpp"

namespace ringside::tools {

namespace {

/// Copies the name in a block that may be overwritten meanwhile.
std::string name_in_block(const shm::SegmentView& segment, Offset offset) {
    using shm::VersionBlock;
    if (!segment.holds(offset, sizeof(VersionBlock))) return {};
    const VersionBlock& block = *segment.version_at(offset);
    const bool expires = block.has_expiry();
    const std::size_t bytes = block.name_bytes;
    const Offset begin = offset + VersionBlock::name_offset(expires);
    if (bytes > limits::name_bytes_max || !segment.holds(begin, bytes)) return {};
    return {segment.at<const char>(begin), bytes};
}

}  // namespace

std::string_view counted_prefix(std::string_view name) noexcept {
    const std::size_t first = name.find('/');
    if (first == std::string_view::npos) return name;
    const std::size_t second = name.find('/', first + 1);
    return name.substr(0, (second == std::string_view::npos ? first : second) + 1);
}

std::vector<PrefixShare> BusyPrefixes::take(const shm::SegmentView& segment) {
    const Position head = ring_.head();
    Position at = std::max({next_, ring_.tail(), head - std::min(head, changes_max)});
    next_ = head;
    std::map<std::string, std::uint64_t, std::less<>> counts;
    std::uint64_t all = 0;
    for (; at < head; ++at) {
        const auto change = ring_.read(at);
        if (!change || change->kind == shm::ChangeKind::event) continue;
        const std::string name = name_in_block(segment, change->version);
        // SYNC ring-tail: the name is read before the tail; pairs with E3, which comes between W1
        // and the reuse of the memory.
        std::atomic_thread_fence(std::memory_order_acquire);
        if (ring_.tail() > at || !check_stored_name(name)) continue;
        const std::string_view prefix = counted_prefix(name);
        const auto found = counts.find(prefix);
        if (found == counts.end()) counts.emplace(prefix, 1);
        else ++found->second;
        ++all;
    }
    std::vector<PrefixShare> shares;
    shares.reserve(counts.size());
    for (const auto& [prefix, count] : counts)
        shares.push_back({prefix, static_cast<double>(count) / static_cast<double>(all)});
    std::stable_sort(shares.begin(), shares.end(),
                     [](const auto& one, const auto& other) { return one.share > other.share; });
    return shares;
}

}  // namespace ringside::tools
