#pragma once

#include <vector>

#include "broker/engine/engine.hpp"
#include "shm/segment/segment.hpp"
#include "tests/fuzz/support/input.hpp"

namespace ringside::fuzz {

/// The segment of a broker that died during a commit: some records, among them large, deleted and
/// expiring ones, transactions, a session. Always identical, byte for byte.
class SegmentImage {
public:
    SegmentImage();
    ~SegmentImage();
    SegmentImage(const SegmentImage&) = delete;
    SegmentImage& operator=(const SegmentImage&) = delete;

    /// Returns the original segment, whatever was done to it since the last call. Nothing is mapped
    /// before and after it.
    [[nodiscard]] shm::SegmentView fresh() const;

    /// Offsets of interest: words of the header, blocks, entries.
    [[nodiscard]] const std::vector<Offset>& places() const noexcept { return places_; }

    static constexpr std::uint64_t now_ns = 1'700'000'000'000'000'000;

private:
    void find_places(const shm::SegmentView& view);
    void add_index(const shm::SegmentView& view, Offset node);

    Descriptor memory_;
    std::byte* base_ = nullptr;
    std::uint64_t bytes_ = 0;
    std::vector<Offset> places_;
};

/// Applies the edits that the input describes.
void edit(const shm::SegmentView& view, const std::vector<Offset>& places, Input& input);

/// The environment of an engine in these tests.
broker::GridHost plain_host();

}  // namespace ringside::fuzz
