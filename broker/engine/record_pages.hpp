#pragma once

#include <functional>
#include <new>
#include <vector>

#include "shm/base/crash_point.hpp"
#include "shm/document/paging.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// The pages that the commit in progress writes and drops. Both lists are tentative until the
/// commit ends: success retires the dropped pages, failure retires the written ones.
class RecordPages final : public PageStore {
public:
    struct Block {
        Offset offset;
        std::uint64_t bytes;
    };
    using Allocate = std::function<Offset(std::uint64_t bytes)>;

    RecordPages(const shm::SegmentView& segment, Allocate allocate)
        : segment_(segment), allocate_(std::move(allocate)) {}

    [[nodiscard]] const PageSpace& space() const noexcept override { return segment_.pages(); }

    [[nodiscard]] Offset write(const PageHeader& header, ByteView content) override {
        const std::uint64_t bytes = sizeof header + content.size();
        const Offset offset = allocate_(bytes);
        if (offset == 0) return 0;
        new (segment_.at<std::byte>(offset)) PageHeader(header);
        std::memcpy(segment_.at<std::byte>(offset + sizeof header), content.data(), content.size());
        written_.push_back({offset, bytes});
        reach(CrashPoint::commit_page_written);
        return offset;
    }

    void drop(Offset offset, std::uint64_t bytes) override { dropped_.push_back({offset, bytes}); }

    /// Both lists can contain the same page: an earlier change of the commit wrote it, a later one
    /// dropped it.
    [[nodiscard]] const std::vector<Block>& written() const noexcept { return written_; }
    [[nodiscard]] const std::vector<Block>& dropped() const noexcept { return dropped_; }
    void forget() noexcept {
        written_.clear();
        dropped_.clear();
    }

private:
    shm::SegmentView segment_;
    Allocate allocate_;
    std::vector<Block> written_;
    std::vector<Block> dropped_;
};

}  // namespace ringside::broker
