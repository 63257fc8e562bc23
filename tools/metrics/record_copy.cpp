#include "tools/metrics/record_copy.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shm/base/limits.hpp"
#include "shm/document/page.hpp"
#include "shm/document/verify.hpp"
#include "shm/index/name_index.hpp"
#include "shm/name/name.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::metrics {

namespace {

struct Pass {
    std::vector<RecordCopy> records;
    bool is_sure = false;
};

/// A block may be overwritten while it is read. Larger sizes are not those of a document in one page.
constexpr std::size_t document_bytes_max = 8 * page::bytes_max;

/// A version block whose sizes were read once, then checked.
struct BlockView {
    std::string name;
    const Byte* document = nullptr;
    std::size_t document_bytes = 0;
};

std::optional<BlockView> view_of(const shm::SegmentView& segment, const shm::VersionBlock& block) {
    using shm::VersionBlock;
    const std::uint64_t link = block.link_word();
    const bool expires = (link & shm::version_flag::expires) != 0;
    const std::size_t name_bytes = block.name_bytes;
    const std::size_t document_bytes = block.document_bytes;
    if ((link & shm::version_flag::paged) != 0 || name_bytes > limits::name_bytes_max ||
        document_bytes > document_bytes_max ||
        !segment.holds(segment.offset_of(&block),
                       VersionBlock::bytes_needed(name_bytes, document_bytes, expires))) {
        return std::nullopt;
    }
    const auto* const bytes = reinterpret_cast<const Byte*>(&block);
    const Byte* const name = bytes + VersionBlock::name_offset(expires);
    return BlockView{std::string(name, name + name_bytes),
                     bytes + VersionBlock::document_offset(name_bytes, expires), document_bytes};
}

Pass copy_once(const shm::SegmentView& segment, const Pattern& pattern) {
    Pass pass;
    const shm::Header& header = segment.header();
    // SYNC published: pairs with W5; the versions up to this revision are complete.
    const Revision at = header.commit.published.load(std::memory_order_acquire);
    shm::NameIndexCursor cursor(segment);
    cursor.seek(pattern.literal_prefix());
    bool is_beyond = false;
    for (auto ids = cursor.next(); !ids.empty() && !is_beyond; ids = cursor.next()) {
        for (const std::uint32_t id : ids) {
            const auto* block =
                shm::visible_record(segment, shm::newest_of(segment, RecordId{id}), at);
            auto found = block == nullptr ? std::nullopt : view_of(segment, *block);
            if (!found || !check_stored_name(found->name)) continue;
            is_beyond = pass.records.size() == records_max ||
                        (!found->name.starts_with(pattern.literal_prefix()) &&
                         found->name > pattern.literal_prefix());
            if (is_beyond) break;
            if (!pattern.matches(found->name)) continue;
            Bytes document(found->document, found->document + found->document_bytes);
            if (!verify_document(document)) continue;
            pass.records.push_back({std::move(found->name), std::move(document)});
        }
    }
    // SYNC pin-publish: the copies come before the load below; pairs with E2 and E3, which come
    // before memory is reused.
    std::atomic_thread_fence(std::memory_order_acquire);
    pass.is_sure = header.horizon.horizon.load(std::memory_order_relaxed) <= at;
    return pass;
}

bool have_same_names(const Pass& one, const Pass& other) {
    return std::equal(one.records.begin(), one.records.end(), other.records.begin(),
                      other.records.end(),
                      [](const RecordCopy& a, const RecordCopy& b) { return a.name == b.name; });
}

}  // namespace

std::vector<RecordCopy> copy_records(const shm::SegmentView& segment, const Pattern& pattern) {
    constexpr int passes_max = 16;
    Pass before = copy_once(segment, pattern);
    std::vector<RecordCopy> sure;
    if (before.is_sure) sure = before.records;
    for (int i = 1; i < passes_max; ++i) {
        Pass now = copy_once(segment, pattern);
        const bool is_same = have_same_names(before, now);
        if (now.is_sure) sure = now.records;
        before = std::move(now);
        if (before.is_sure && is_same) break;
    }
    return sure;
}

}  // namespace ringside::metrics
