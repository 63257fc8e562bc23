#pragma once

#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/document/page.hpp"
#include "shm/segment/grid_paths.hpp"
#include "shm/segment/layout.hpp"
#include "shm/version/version.hpp"

namespace ringside::shm {

/// Converts offsets of a mapping to addresses. A view: the mapping must outlive it.
///
/// Thread safety: immutable. Invariant: `size_bytes()` bytes from `base()` are mapped.
class SegmentView {
public:
    SegmentView() = default;
    SegmentView(std::byte* base, std::uint64_t size_bytes) noexcept
        : base_(base), size_bytes_(size_bytes), pages_{reinterpret_cast<Byte*>(base), size_bytes} {}

    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
    /// Page space for documents of several pages. Lives as long as this view.
    [[nodiscard]] const PageSpace& pages() const noexcept { return pages_; }
    [[nodiscard]] Header& header() const noexcept { return *at<Header>(0); }
    [[nodiscard]] const Identity& identity() const noexcept { return header().identity; }

    template <class T>
    [[nodiscard]] T* at(Offset offset) const noexcept {
        return reinterpret_cast<T*>(base_ + offset);
    }
    [[nodiscard]] VersionBlock* version_at(Offset offset) const noexcept {
        return at<VersionBlock>(offset);
    }
    [[nodiscard]] Slot& slot(RecordId id) const noexcept {
        return at<Slot>(identity().slots.offset)[static_cast<std::uint32_t>(id)];
    }
    [[nodiscard]] SessionEntry& session(std::size_t index) const noexcept {
        return at<SessionEntry>(identity().sessions.offset)[index];
    }
    [[nodiscard]] SpanEntry& span(std::size_t index) const noexcept {
        return at<SpanEntry>(identity().spans.offset)[index];
    }
    /// Returns whether [offset, offset + bytes) is in the segment: for readers whose pin may be
    /// revoked.
    [[nodiscard]] bool holds(Offset offset, std::uint64_t bytes) const noexcept {
        return offset <= size_bytes_ && bytes <= size_bytes_ - offset;
    }
    [[nodiscard]] Offset offset_of(const void* address) const noexcept {
        return static_cast<Offset>(static_cast<const std::byte*>(address) - base_);
    }

private:
    std::byte* base_ = nullptr;
    std::uint64_t size_bytes_ = 0;
    PageSpace pages_;
};

/// Sizes of the parts of a new segment.
struct SegmentShape {
    std::uint64_t memory_bytes = 1ULL << 30;  ///< the whole segment; rounded up to 2 MiB
    std::uint64_t ring_entries = 0;           ///< power of two; 0 = chosen from the memory
};

/// Owned mapping of a segment. Unmapped on destruction; the name in /dev/shm remains until
/// `remove`.
class Segment {
public:
    /// Creates a segment (0640) of this shape and maps it read-write at an address aligned to 2
    /// MiB. Sets every word of the header except `magic` and the state.
    /// Errors: bad_grid_name, bad_configuration, grid_full (no room in /dev/shm), grid_in_use (a
    /// file of that name exists), system_error.
    static Result<Segment> create(std::string_view grid, const SegmentShape& shape);

    /// Creates a nameless segment in memory shared with child processes only: for tests, the
    /// simulator and benchmarks.
    static Result<Segment> create_anonymous(const SegmentShape& shape);

    /// Maps an existing segment read-only, if it belongs to a user whose grid is accepted (see
    /// `check_grid_owner`).
    /// Errors: no_such_grid, layout_mismatch, bad_segment, permission_denied, foreign_grid,
    /// bad_configuration, system_error.
    static Result<Segment> open(std::string_view grid, std::optional<uid_t> owner = {});

    /// Same as `open`, but read-write: for the broker that takes over. The file must belong to the
    /// effective user, have only one name, and not be writable by anybody else.
    /// Further error: foreign_grid.
    static Result<Segment> open_writable(std::string_view grid);

    static void remove(std::string_view grid) noexcept;

    /// Opens the complete segment to readers: state `serving`, then `magic`.
    /// `flags`: see Identity::flags.
    void announce(std::uint32_t flags) noexcept;

    /// User that owned the segment when it was opened.
    [[nodiscard]] uid_t owner() const noexcept { return owner_; }

    /// Open file of the segment; -1 for an anonymous segment.
    [[nodiscard]] int descriptor() const noexcept { return object_.get_mapping_handle().handle; }

    [[nodiscard]] const SegmentView& view() const noexcept { return view_; }
    [[nodiscard]] Header& header() const noexcept { return view_.header(); }

    /// Ends the grid for its readers: no revision can be pinned, and sleeping readers wake up.
    /// Pinned and mapped memory stays readable.
    void close(GridState state) noexcept;

    /// Backs [offset, offset + bytes) with memory, in huge pages if the host supports them. Returns
    /// false, with no page touched, if the host has no memory left.
    [[nodiscard]] bool commit(Offset offset, std::uint64_t bytes) const noexcept;

    /// Free bytes in the file system of the segment; the largest number if there is no limit or the
    /// segment is anonymous.
    [[nodiscard]] std::uint64_t host_bytes_free() const noexcept;

private:
    Result<void> begin(std::string_view grid, const Identity& planned);
    using CheckFile = std::function<Result<void>(const struct stat&)>;
    static Result<Segment> open_as(std::string_view grid, boost::interprocess::mode_t mode,
                                   const CheckFile& check);

    boost::interprocess::shared_memory_object object_;
    boost::interprocess::mapped_region region_;
    SegmentView view_;
    uid_t owner_ = 0;
};

}  // namespace ringside::shm
