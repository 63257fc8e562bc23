#include "shm/segment/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <boost/interprocess/anonymous_shared_memory.hpp>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/permissions.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <system_error>

#include "shm/segment/plan.hpp"
#include "shm/wait/futex.hpp"

namespace ringside::shm {

namespace ipc = boost::interprocess;

namespace {

#ifdef MADV_COLLAPSE
constexpr int advice_collapse = MADV_COLLAPSE;
#else
constexpr int advice_collapse = 25;        // Linux 6.1
#endif

#ifdef MADV_POPULATE_WRITE
constexpr int advice_populate_write = MADV_POPULATE_WRITE;
#else
constexpr int advice_populate_write = 23;  // Linux 5.14
#endif

/// Backs a part of the mapping, aligned to a huge page, with a huge page. An optimisation: it has
/// no effect if the host does not support it or has no memory.
///
/// Only the first small page is touched before. The kernel refuses to collapse an empty range,
/// copies the existing small pages, and clears the rest at once. That takes 0.12 ms for 2 MiB; with
/// all small pages present it takes 1.5 ms.
void make_huge_page(std::byte* address, std::uint64_t small_page_bytes) noexcept {
    if (madvise(address, small_page_bytes, advice_populate_write) != 0) return;
    madvise(address, huge_page_bytes, advice_collapse);
}

/// Returns an address aligned to a huge page where `bytes` were free just now; null if there is
/// none.
void* aligned_hint(std::uint64_t bytes) noexcept {
    void* probe = mmap(nullptr, bytes + huge_page_bytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED) return nullptr;
    munmap(probe, bytes + huge_page_bytes);
    return reinterpret_cast<void*>(
        align_up(reinterpret_cast<std::uintptr_t>(probe), huge_page_bytes));
}

/// Maps the whole object, aligned to a huge page where possible.
ipc::mapped_region map(const ipc::shared_memory_object& object, ipc::mode_t mode,
                       std::uint64_t bytes) {
    try {
        return {object, mode, 0, bytes, aligned_hint(bytes)};
    } catch (const ipc::interprocess_exception&) {
        return {object, mode, 0, bytes};  // another thread took the address: any address will do
    }
}

Error error_of(const ipc::interprocess_exception& failure, std::string_view grid) {
    switch (failure.get_error_code()) {
        case ipc::not_found_error: return {Errc::no_such_grid, "grid '" + std::string(grid) + "'"};
        case ipc::security_error:
            return {Errc::permission_denied,
                    "the segment of grid '" + std::string(grid) +
                        "' is not accessible to this user; ask to join the broker's group"};
        case ipc::already_exists_error: return {Errc::grid_in_use, std::string(grid)};
        case ipc::out_of_space_error:
            return {Errc::grid_full,
                    "/dev/shm has no space left; delete files there, or enlarge it"};
        default: return {Errc::system_error, failure.what()};
    }
}

std::uint64_t random_word() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
}

Result<void> check_identity(const SegmentView& view, std::string_view grid) {
    const Identity& identity = view.identity();
    // SYNC segment-magic: pairs with announce(); the rest of the header is written.
    const std::uint64_t magic = identity.magic.load(std::memory_order_acquire);
    if (magic == 0)
        return Error(Errc::no_such_grid,
                     "grid '" + std::string(grid) + "' is still starting; try again");
    if (magic != segment_magic) return Error(Errc::bad_segment, "invalid magic number");
    if (identity.layout != layout_version || identity.fingerprint != layout_fingerprint()) {
        return Error(Errc::layout_mismatch, "grid '" + std::string(grid) + "' has layout " +
                                                std::to_string(identity.layout) +
                                                ", this program supports " +
                                                std::to_string(layout_version));
    }
    return check_plan(identity, view.size_bytes());
}

}  // namespace

Result<Segment> Segment::create(std::string_view grid, const SegmentShape& shape) {
    auto paths = GridPaths::of(grid);
    if (!paths) return paths.error();
    Identity planned;
    if (auto plan = plan_regions(shape, planned); !plan) return plan.error();
    try {
        ipc::permissions permissions(0640);
        Segment segment;
        segment.object_ = ipc::shared_memory_object(ipc::create_only, paths->segment_name.c_str(),
                                                    ipc::read_write, permissions);
        segment.owner_ = geteuid();
        // Not object_.truncate(): it allocates all of the memory, which must be allocated on first
        // use.
        if (ftruncate(segment.object_.get_mapping_handle().handle,
                      static_cast<off_t>(planned.segment_bytes)) != 0) {
            const int code = errno;
            remove(grid);
            return Error(Errc::system_error, std::string("ftruncate: ") + std::strerror(code));
        }
        segment.region_ = map(segment.object_, ipc::read_write, planned.segment_bytes);
        segment.view_ = SegmentView(static_cast<std::byte*>(segment.region_.get_address()),
                                    planned.segment_bytes);
        if (auto begun = segment.begin(grid, planned); !begun) {
            remove(grid);
            return begun.error();
        }
        return segment;
    } catch (const ipc::interprocess_exception& failure) {
        if (failure.get_error_code() != ipc::already_exists_error) remove(grid);
        return error_of(failure, grid);
    }
}

Result<Segment> Segment::create_anonymous(const SegmentShape& shape) {
    Identity planned;
    if (auto plan = plan_regions(shape, planned); !plan) return plan.error();
    try {
        Segment segment;
        segment.region_ = ipc::anonymous_shared_memory(planned.segment_bytes,
                                                       aligned_hint(planned.segment_bytes));
        segment.view_ = SegmentView(static_cast<std::byte*>(segment.region_.get_address()),
                                    planned.segment_bytes);
        if (auto begun = segment.begin("anonymous", planned); !begun) return begun.error();
        return segment;
    } catch (const ipc::interprocess_exception& failure) {
        return error_of(failure, "anonymous");
    }
}

Result<void> Segment::begin(std::string_view grid, const Identity& planned) {
    // Pages of the segment that the first turn touches. The heap and the slots follow on demand,
    // and without a first part of both no record would ever fit.
    const std::uint64_t needed = starting_bytes(planned);
    if (host_bytes_free() < needed || !commit(0, planned.slots.offset)) {
        return Error(Errc::grid_full, "less than " + std::to_string((needed >> 20) + 1) +
                                          " MiB free in /dev/shm; enlarge /dev/shm, or choose a "
                                          "smaller --memory or --ring-entries");
    }
    auto& identity = const_cast<Identity&>(view_.identity());
    identity.layout = layout_version;
    identity.flags = 0;
    identity.fingerprint = layout_fingerprint();
    identity.segment_bytes = planned.segment_bytes;
    identity.boot_id = random_word();
    identity.hash_seed = random_word();
    identity.created_ns =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count());
    identity.ring_entries = planned.ring_entries;
    grid.copy(identity.grid_name.data(), identity.grid_name.size() - 1);
    identity.sessions = planned.sessions;
    identity.spans = planned.spans;
    identity.writers = planned.writers;
    identity.ring = planned.ring;
    identity.slots = planned.slots;
    identity.heap = planned.heap;
    return {};
}

void Segment::announce(std::uint32_t flags) noexcept {
    auto& identity = const_cast<Identity&>(view_.identity());
    identity.flags = flags;
    header().broker.state.store(static_cast<std::uint32_t>(GridState::serving),
                                std::memory_order_relaxed);
    // SYNC segment-magic: pairs with check_identity(): the whole header and a complete grid, empty
    // or filled from the store, are visible.
    identity.magic.store(segment_magic, std::memory_order_release);
}

void Segment::close(GridState state) noexcept {
    Header& words = header();
    // SYNC grid-state: pairs with Attachment::is_grid_over().
    words.broker.state.store(static_cast<std::uint32_t>(state), std::memory_order_release);
    // A horizon beyond every revision: a reader's next pin fails, and the reader checks the state.
    // SYNC pin-publish: pairs with R3 of shm/pin/pin.hpp; the state is visible.
    words.horizon.horizon.store(~0ULL, std::memory_order_seq_cst);
    futex_wake_all(low_half(words.commit.published));
}

Result<Segment> Segment::open(std::string_view grid, std::optional<uid_t> owner) {
    return open_as(grid, ipc::read_only, [&](const struct stat& file) -> Result<void> {
        if (!S_ISREG(file.st_mode)) {
            return Error(Errc::foreign_grid, "the segment is not a regular file; remove it");
        }
        return check_grid_owner(grid, file.st_uid, owner);
    });
}

Result<Segment> Segment::open_writable(std::string_view grid) {
    return open_as(grid, ipc::read_write, [&](const struct stat& file) -> Result<void> {
        const std::string fault = ownership_fault(file, geteuid());
        if (fault.empty()) return {};
        return Error(Errc::foreign_grid, GridPaths::of(grid)->segment_path + " " + fault);
    });
}

Result<Segment> Segment::open_as(std::string_view grid, ipc::mode_t mode, const CheckFile& check) {
    auto paths = GridPaths::of(grid);
    if (!paths) return paths.error();
    try {
        Segment segment;
        segment.object_ =
            ipc::shared_memory_object(ipc::open_only, paths->segment_name.c_str(), mode);
        struct stat file {};
        if (fstat(segment.descriptor(), &file) != 0) {
            return Error(Errc::system_error, std::string("fstat: ") + std::strerror(errno));
        }
        segment.owner_ = file.st_uid;
        if (auto checked = check(file); !checked) return checked.error();
        const auto bytes = file.st_size;
        if (static_cast<std::uint64_t>(bytes) < limits::memory_bytes_min) {
            return bytes == 0 ? Error(Errc::no_such_grid, "grid '" + std::string(grid) +
                                                              "' is still starting; try again")
                              : Error(Errc::bad_segment, "too short");
        }
        segment.region_ = map(segment.object_, mode, static_cast<std::uint64_t>(bytes));
        segment.view_ = SegmentView(static_cast<std::byte*>(segment.region_.get_address()),
                                    static_cast<std::uint64_t>(bytes));
        if (auto checked = check_identity(segment.view_, grid); !checked) return checked.error();
        return segment;
    } catch (const ipc::interprocess_exception& failure) {
        return error_of(failure, grid);
    }
}

void Segment::remove(std::string_view grid) noexcept {
    if (auto paths = GridPaths::of(grid)) {
        ipc::shared_memory_object::remove(paths->segment_name.c_str());
    }
}

std::uint64_t Segment::host_bytes_free() const noexcept {
    constexpr std::uint64_t unlimited = ~0ULL;
    struct statvfs file_system {};
    if (descriptor() < 0 || fstatvfs(descriptor(), &file_system) != 0) return unlimited;
    if (file_system.f_blocks == 0) return unlimited;
    return std::uint64_t{file_system.f_bavail} * file_system.f_frsize;
}

bool Segment::commit(Offset offset, std::uint64_t bytes) const noexcept {
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const Offset first = offset & ~(page - 1);
    const Offset last = std::min(align_up(offset + bytes, page), view_.size_bytes());
    if (first >= last) return true;
    for (Offset block = align_up(first, huge_page_bytes); block + huge_page_bytes <= last;
         block += huge_page_bytes) {
        make_huge_page(view_.base() + block, page);
    }
    const int descriptor = object_.get_mapping_handle().handle;
    if (descriptor >= 0) {
        // A full tmpfs must cause an error here, not a SIGBUS at the first store.
        int failed = 0;
        do {
            failed = posix_fallocate(descriptor, static_cast<off_t>(first),
                                     static_cast<off_t>(last - first));
        } while (failed == EINTR);
        if (failed != 0 && failed != EOPNOTSUPP) return false;
    }
    // An optimisation: without it, page faults happen later.
    madvise(view_.base() + first, last - first, advice_populate_write);
    return true;
}

}  // namespace ringside::shm
