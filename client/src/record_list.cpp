#include "record_list.hpp"

#include <algorithm>

#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"
#include "thread_lane.hpp"

namespace ringside::detail {

namespace {

constexpr std::size_t slots_ahead = 32;
constexpr std::size_t blocks_ahead = 16;

}  // namespace

RecordList::RecordList(const shm::SegmentView& segment, Revision at,
                       const std::vector<RecordId>& records, Terms terms)
    : segment_(segment), at_(at), terms_(std::move(terms)) {
    if (terms_.pattern) matcher_.emplace(*terms_.pattern);
    find_versions(records);
}

/// Finds the newest version of each record. Its visibility and name are checked when its block is
/// loaded.
void RecordList::find_versions(const std::vector<RecordId>& records) {
    const shm::SlotsReader slots(segment_);
    versions_.reserve(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (i + slots_ahead < records.size()) slots.prefetch(records[i + slots_ahead]);
        if (const auto* version = slots.newest_of(records[i])) versions_.push_back(version);
    }
    if (!terms_.is_ordered) return;
    // The compared names are those of the visible versions.
    struct Named {
        std::string_view name;
        const shm::VersionBlock* version;
    };
    std::vector<Named> named;
    named.reserve(versions_.size());
    for (std::size_t i = 0; i < versions_.size(); ++i) {
        if (i + blocks_ahead < versions_.size()) {
            shm::RecordTableReader::prefetch_block(versions_[i + blocks_ahead]);
        }
        const auto* version = shm::visible_record(segment_, versions_[i], at_);
        if (version != nullptr) named.push_back({view_of(segment_, *version).name(), version});
    }
    std::sort(named.begin(), named.end(),
              [](const Named& a, const Named& b) { return a.name < b.name; });
    versions_.clear();
    for (const Named& one : named) versions_.push_back(one.version);
}

bool RecordList::is_wanted(std::string_view name) {
    if (name < terms_.range.begin) return false;
    if (!terms_.range.end.empty() && name >= terms_.range.end) return false;
    return !matcher_ || matcher_->matches(name);
}

std::span<const RecordView> RecordList::next() {
    std::size_t count = 0;
    for (; next_ < versions_.size() && count < batch_.size(); ++next_) {
        if (next_ + blocks_ahead < versions_.size()) {
            shm::RecordTableReader::prefetch_block(versions_[next_ + blocks_ahead]);
        }
        const auto* version = shm::visible_record(segment_, versions_[next_], at_);
        if (version == nullptr) continue;
        batch_[count] = view_of(segment_, *version);
        if (is_wanted(batch_[count].name())) ++count;
    }
    return {batch_.data(), count};
}

}  // namespace ringside::detail
