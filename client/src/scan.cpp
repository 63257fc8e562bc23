#include "scan.hpp"

#include <algorithm>
#include <utility>

#include "shm/name/name.hpp"
#include "shm/table/record_table.hpp"
#include "thread_lane.hpp"

namespace ringside::detail {

IndexWalk::IndexWalk(const shm::SegmentView& segment, std::string_view from) noexcept
    : slots_(segment), cursor_(segment) {
    cursor_.seek(from);
    load_slots();
    load_blocks();
    load_slots();
}

std::span<const shm::VersionBlock* const> IndexWalk::next() noexcept {
    std::swap(current_, ahead_);
    load_blocks();
    load_slots();
    return {current_.blocks.data(), current_.count};
}

void IndexWalk::load_slots() noexcept {
    ids_ = cursor_.next();
    for (const std::uint32_t id : ids_) slots_.prefetch(RecordId{id});
}

void IndexWalk::load_blocks() noexcept {
    ahead_.count = 0;
    for (const std::uint32_t id : ids_) {
        const shm::VersionBlock* block = slots_.newest_of(RecordId{id});
        if (block != nullptr) shm::RecordTableReader::prefetch_block(block);
        ahead_.blocks[ahead_.count++] = block;
    }
}

Scan::Scan(const shm::SegmentView& segment, Revision at, std::string prefix)
    : segment_(segment), at_(at), prefix_(std::move(prefix)) {}

Scan::Scan(const shm::SegmentView& segment, Revision at, const Pattern& pattern, NameRange range)
    : segment_(segment),
      at_(at),
      prefix_(pattern.literal_prefix()),
      range_(std::move(range)),
      is_at_end_(pattern.is_literal()) {
    const bool is_subtree = pattern.matches_everything_below_prefix();
    if (is_subtree || pattern.is_literal()) one_name_ = prefix_;
    if (is_subtree) prefix_ += '/';
    else matcher_.emplace(pattern);
}

std::span<const RecordView> Scan::next() {
    if (one_name_) {
        const auto found = find(*std::exchange(one_name_, std::nullopt));
        if (!found.empty()) return found;
    }
    while (!is_at_end_) {
        if (!walk_) walk_.emplace(segment_, std::max(prefix_, range_.begin));
        const auto blocks = walk_->next();
        if (blocks.empty()) break;
        const std::size_t count = without_mismatches(without_those_beyond(take(blocks)));
        if (count > 0) return {batch_.data(), count};
    }
    is_at_end_ = true;
    return {};
}

std::span<const RecordView> Scan::find(std::string_view name) {
    if (!is_in_range(name)) return {};
    const shm::RecordTableReader table(segment_);
    const auto* version = shm::visible_record(segment_, table.find(name, table.hash(name)), at_);
    if (version == nullptr) return {};
    batch_.front() = view_of(segment_, *version);
    return {batch_.data(), 1};
}

/// Adds the visible versions of these records to the batch.
std::size_t Scan::take(std::span<const shm::VersionBlock* const> blocks) {
    std::size_t count = 0;
    for (const shm::VersionBlock* newest : blocks) {
        if (newest == nullptr) continue;
        const auto* version = shm::visible_record(segment_, newest, at_);
        if (version != nullptr) batch_[count++] = view_of(segment_, *version);
    }
    return count;
}

/// Names are sorted: if the last one is in range, all are.
std::size_t Scan::without_those_beyond(std::size_t count) {
    const auto is_good = [this](const RecordView& record) {
        return record.name().starts_with(prefix_) &&
               (range_.end.empty() || record.name() < range_.end);
    };
    if (count == 0 || is_good(batch_[count - 1])) return count;
    is_at_end_ = true;
    const auto* first = std::find_if_not(batch_.begin(), batch_.begin() + count, is_good);
    return static_cast<std::size_t>(first - batch_.begin());
}

std::size_t Scan::without_mismatches(std::size_t count) {
    const bool is_of_grid_excluded = prefix_.empty();
    if (!matcher_ && !is_of_grid_excluded) return count;
    if (matcher_ && count > 0) matcher_->begin_batch(batch_[0].name(), batch_[count - 1].name());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view name = batch_[i].name();
        const bool is_match = matcher_ ? matcher_->matches(name) : !is_reserved(name);
        if (!is_match) continue;
        if (kept != i) batch_[kept] = batch_[i];
        ++kept;
    }
    return kept;
}

}  // namespace ringside::detail
