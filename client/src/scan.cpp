#include "scan.hpp"

#include <array>
#include <string>

#include "shm/index/name_index.hpp"
#include "shm/name/name.hpp"
#include "shm/table/record_table.hpp"
#include "thread_lane.hpp"

namespace ringside::detail {

namespace {

using Ids = std::span<const std::uint32_t>;

/// A walk over the records of the index with two steps of look-ahead: while the records of one leaf
/// are read, the version blocks of the next are being loaded, and the slots of the one after it.
class Scanner {
public:
    Scanner(const shm::SegmentView& segment, Revision at, std::string_view from) noexcept
        : segment_(segment), slots_(segment), at_(at), cursor_(segment) {
        cursor_.seek(from);
        load_slots();
        load_blocks();
        load_slots();
    }

    /// The newest blocks of the next records, in name order; empty at the end.
    [[nodiscard]] std::span<const shm::VersionBlock* const> next() noexcept {
        std::swap(current_, ahead_);
        load_blocks();
        load_slots();
        return {current_.blocks.data(), current_.count};
    }

    [[nodiscard]] const shm::VersionBlock* visible(const shm::VersionBlock* newest) const noexcept {
        return newest == nullptr ? nullptr : shm::visible_record(segment_, newest, at_);
    }

private:
    struct Leaf {
        std::array<const shm::VersionBlock*, scan_batch_max> blocks;
        std::size_t count = 0;
    };

    void load_slots() noexcept {
        ids_ = cursor_.next();
        for (const std::uint32_t id : ids_) slots_.prefetch(RecordId{id});
    }
    void load_blocks() noexcept {
        ahead_.count = 0;
        for (const std::uint32_t id : ids_) {
            const shm::VersionBlock* block = slots_.newest_of(RecordId{id});
            if (block != nullptr) shm::RecordTableReader::prefetch_block(block);
            ahead_.blocks[ahead_.count++] = block;
        }
    }

    shm::SegmentView segment_;
    shm::SlotsReader slots_;
    Revision at_;
    shm::NameIndexCursor cursor_;
    Ids ids_;
    Leaf current_;
    Leaf ahead_;
};

}  // namespace

namespace {

/// The records whose names begin with `prefix`, from the name `from` on.
void scan_from(const shm::SegmentView& segment, Revision at, std::string_view prefix,
               std::string_view from, const BatchVisitor& visit) {
    Scanner scanner(segment, at, std::max(prefix, from));
    std::array<RecordView, scan_batch_max> batch;
    for (auto blocks = scanner.next(); !blocks.empty(); blocks = scanner.next()) {
        std::size_t count = 0;
        bool is_beyond = false;
        for (const shm::VersionBlock* newest : blocks) {
            const shm::VersionBlock* version = scanner.visible(newest);
            if (version == nullptr) continue;
            batch[count] = view_of(segment, *version);
            if (prefix.empty() && is_reserved(batch[count].name())) continue;
            is_beyond = !batch[count].name().starts_with(prefix);
            if (is_beyond) break;
            ++count;
        }
        if (count > 0 && !visit({batch.data(), count})) return;
        if (is_beyond) return;
    }
}

}  // namespace

void scan_prefix(const shm::SegmentView& segment, Revision at, std::string_view prefix,
                 const BatchVisitor& visit) {
    scan_from(segment, at, prefix, {}, visit);
}

void scan_pattern(const shm::SegmentView& segment, Revision at, const Pattern& pattern,
                  const std::function<bool(const RecordView&)>& visit) {
    scan_pattern_after(segment, at, pattern, {}, visit);
}

void scan_pattern_after(const shm::SegmentView& segment, Revision at, const Pattern& pattern,
                        std::string_view after,
                        const std::function<bool(const RecordView&)>& visit) {
    const auto one = [&](std::string_view name) {
        if (!after.empty() && name <= after) return true;
        const shm::RecordTableReader table(segment);
        const auto* version = shm::visible_record(segment, table.find(name, table.hash(name)), at);
        return version == nullptr || visit(view_of(segment, *version));
    };
    if (pattern.is_literal()) {
        one(pattern.text());
        return;
    }
    std::string prefix(pattern.literal_prefix());
    const bool is_subtree = pattern.matches_everything_below_prefix();
    if (is_subtree) {
        if (!one(prefix)) return;
        prefix += '/';
    }
    scan_from(segment, at, prefix, after, [&](std::span<const RecordView> batch) {
        for (const RecordView& record : batch) {
            if (!after.empty() && record.name() <= after) continue;
            if (!is_subtree && !pattern.matches(record.name())) continue;
            if (!visit(record)) return false;
        }
        return true;
    });
}

}  // namespace ringside::detail
