#include "ringside/index.hpp"

#include "client_impl.hpp"
#include "shm/index/value_index.hpp"
#include "shm/name/system_name.hpp"

namespace ringside {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

IndexInfo::State state_of(const shm::IndexEntry& entry) noexcept {
    switch (static_cast<shm::IndexState>(entry.state.load(relaxed))) {
        case shm::IndexState::ready: return IndexInfo::State::ready;
        case shm::IndexState::suspended: return IndexInfo::State::suspended;
        default: return IndexInfo::State::building;
    }
}

void take_state(const shm::Header& header, std::string_view record_name, IndexInfo& info,
                const shm::SegmentView& segment) {
    for (const shm::IndexEntry& entry : header.indexes) {
        // SYNC value-index-life: pairs with SecondaryIndexes::begin_building.
        if (entry.life.load(std::memory_order_acquire) == 0) continue;
        const shm::VersionBlock* definition =
            shm::newest_of(segment, RecordId{entry.record.load(relaxed)});
        if (definition == nullptr || definition->name() != record_name) continue;
        info.state = state_of(entry);
        if (info.state == IndexInfo::State::ready) {
            // SYNC value-index-ready: pairs with SecondaryIndexes::turn.
            info.ready_from = entry.ready_from.load(std::memory_order_acquire);
        }
        info.values = entry.values.load(relaxed);
        info.records = entry.postings.load(relaxed);
        info.bytes = entry.bytes.load(relaxed);
    }
}

}  // namespace

std::string_view name(IndexInfo::State state) noexcept {
    switch (state) {
        case IndexInfo::State::building: return shm::name(shm::IndexState::building);
        case IndexInfo::State::ready: return shm::name(shm::IndexState::ready);
        case IndexInfo::State::suspended: return shm::name(shm::IndexState::suspended);
    }
    return "unknown";
}

Result<std::vector<IndexInfo>> Client::indexes() const {
    auto attachment = impl_->attachment();
    if (!attachment) return attachment.error();
    auto now = snapshot();
    if (!now) return now.error();
    const shm::SegmentView& segment = (*attachment)->segment();
    std::vector<IndexInfo> found;
    auto scanned =
        now->scan_prefix(system_name::index_prefix, [&](std::span<const RecordView> definitions) {
            for (const RecordView& definition : definitions) {
                IndexInfo& info = found.emplace_back();
                const Value document = definition.document();
                info.pattern = document["pattern"].as_string().value_or("");
                info.pointer = document["pointer"].as_string().value_or("");
                take_state(segment.header(), definition.name(), info, segment);
            }
            return true;
        });
    if (!scanned) return scanned.error();
    return found;
}

}  // namespace ringside
