#include "broker/beginning.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "broker/runtime_file.hpp"
#include "broker/segment_claim.hpp"
#include "shm/segment/plan.hpp"

namespace ringside::broker {

namespace {

using Clock = std::chrono::steady_clock;

/// A segment under the grid's name, with the result of its checks.
struct Left {
    std::optional<shm::Segment> segment;  ///< claimed
    std::optional<Survey> survey;         ///< if it can be taken over
    Error fault;                          ///< why it cannot
};

/// Checks whether the store can follow this segment. Errors: bad_segment (the segment belongs to
/// other records), those of the store.
Result<void> check_store(const Options& options, const shm::Segment& segment) {
    if (options.data_directory.empty()) return {};
    auto known = Store::identify(options.data_directory, options.grid);
    if (!known && known.error() == Errc::not_found) return {};
    if (!known) return known.error();
    // SYNC store-followed: pairs with the former broker's recorder.
    const std::uint64_t followed_by = segment.header().store.id.load();
    if (followed_by == known->id) return {};
    const auto mismatch = [&](const std::string& history) {
        return Error(Errc::bad_segment, history + ", and the store in " + options.data_directory +
                                            " holds other records; the grid starts from the store");
    };
    if (followed_by != 0) return mismatch("another store recorded the segment's changes");
    auto opened = Store::open_read_only(options.data_directory);
    if (!opened) return opened.error();
    if (opened->revision() == 0 || opened->is_incomplete()) return {};
    return mismatch("no store recorded the segment's changes");
}

Left find_left(const Options& options) {
    Left left;
    auto segment = shm::Segment::open_writable(options.grid);
    if (!segment) {
        left.fault = segment.error();
        return left;
    }
    if (auto claimed = claim(*segment); !claimed) {
        left.fault = claimed.error();
        return left;
    }
    left.segment = std::move(*segment);
    // SYNC grid-state: pairs with Segment::close of the former broker.
    const auto state = left.segment->header().broker.state.load();
    if (state != static_cast<std::uint32_t>(shm::GridState::serving)) {
        left.fault = Error(Errc::no_such_grid, "the grid has ended");
        return left;
    }
    if (auto checked = check_store(options, *left.segment); !checked) {
        left.fault = checked.error();
        return left;
    }
    const auto began = Clock::now();
    Survey survey(left.segment->view());
    if (auto walked = survey.run(); !walked) {
        left.fault = walked.error();
        return left;
    }
    spdlog::info(
        "segment of the former broker is intact: {} records at revision {}, checked in {:.3f} s",
        survey.live, survey.published, std::chrono::duration<double>(Clock::now() - began).count());
    left.survey = std::move(survey);
    return left;
}

/// Returns whether the segment, or the file in its place, can be replaced by a new segment.
bool is_replaceable(const Error& fault, const shm::GridPaths& paths) {
    switch (fault.code) {
        case Errc::no_such_grid:
        case Errc::bad_segment:
        case Errc::layout_mismatch: return true;
        case Errc::system_error:
        case Errc::permission_denied:
        case Errc::foreign_grid: {
            // A file of this user is not replaced because of its mode or of the host's limits.
            struct stat there {};
            return lstat(paths.segment_path.c_str(), &there) == 0 &&
                   (there.st_uid != geteuid() || !S_ISREG(there.st_mode));
        }
        default: return false;
    }
}

/// Opens the store from which a new segment of this shape is filled.
Result<std::optional<Store>> open_store(const Options& options) {
    shm::Identity planned;
    if (auto plan = shm::plan_regions(options.shape, planned); !plan) return plan.error();
    if (options.data_directory.empty()) return std::optional<Store>();
    Store::Options how;
    how.directory = options.data_directory;
    how.grid = options.grid;
    how.ring_entries = planned.ring_entries;
    auto store = Store::open(how);
    if (!store) return store.error();
    if (!store->warning().empty()) spdlog::warn("store: {}", store->warning());
    if (store->is_incomplete()) {
        return Error(Errc::store_damaged, options.data_directory +
                                              ": a broker ended during a rewrite of the store; "
                                              "restore a backup, or remove the directory");
    }
    return std::optional<Store>(std::move(*store));
}

/// Frees the name of the segment. Errors: grid_in_use, foreign_grid, system_error.
Result<void> make_place(Left& left, Beginning& beginning, const shm::GridPaths& paths) {
    beginning.segment_path = paths.segment_path;
    struct stat there {};
    if (lstat(paths.segment_path.c_str(), &there) != 0) return {};
    if (!left.segment) {
        if (auto unclaimed = check_unclaimed(paths.segment_path); !unclaimed) return unclaimed;
    }
    if (left.fault == Errc::no_such_grid) return clear_path(paths.segment_path);
    const bool is_foreign = there.st_uid != geteuid() || !S_ISREG(there.st_mode);
    auto aside = set_aside(paths.segment_path, is_foreign ? "foreign" : "damaged");
    if (!aside) return aside.error();
    const std::string& why = left.fault.detail;
    spdlog::warn("segment not used, kept as {}: {}", *aside, why.empty() ? left.fault.text() : why);
    beginning.replaced = std::move(left.segment);
    beginning.replaced_aside = std::move(*aside);
    return {};
}

Result<void> create_segment(Beginning& beginning, const Options& options) {
    auto made = shm::Segment::create(options.grid, options.shape);
    if (!made) return made.error();
    beginning.segment = std::move(*made);
    auto claimed = claim(beginning.segment);
    if (!claimed) shm::Segment::remove(options.grid);
    return claimed;
}

}  // namespace

Result<Beginning> begin(const Options& options, const shm::GridPaths& paths) {
    Left left = find_left(options);
    Beginning beginning;
    if (left.survey) {
        beginning.segment = std::move(*left.segment);
        beginning.left = std::move(left.survey);
        return beginning;
    }
    if (!is_replaceable(left.fault, paths)) return left.fault;
    auto store = open_store(options);
    if (!store) return store.error();
    beginning.store = std::move(*store);
    if (auto placed = make_place(left, beginning, paths); !placed) return placed.error();
    if (auto created = create_segment(beginning, options); !created) {
        beginning.restore_replaced();
        return created.error();
    }
    return beginning;
}

void Beginning::give_up_replaced() noexcept {
    if (replaced) replaced->close(shm::GridState::abandoned);
    replaced.reset();
    replaced_aside.clear();
}

void Beginning::restore_replaced() noexcept {
    if (replaced_aside.empty()) return;
    if (replaced) disclaim(replaced->header());
    replaced.reset();
    if (auto moved = move_back(replaced_aside, segment_path); !moved) {
        spdlog::error("segment cannot be moved back from {}: {}", replaced_aside,
                      moved.error().text());
    } else {
        spdlog::info("segment moved back to {}", segment_path);
    }
    replaced_aside.clear();
}

}  // namespace ringside::broker
