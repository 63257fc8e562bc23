#include "broker/service.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "broker/beginning.hpp"
#include "broker/config/host_limits.hpp"
#include "broker/daemon/service_manager.hpp"
#include "broker/grid_lock.hpp"
#include "broker/reactor/reactor.hpp"
#include "broker/runtime_file.hpp"
#include "broker/segment_claim.hpp"
#include "broker/store/recorder.hpp"
#include "broker/succession.hpp"
#include "shm/pin/pin.hpp"
#include "shm/segment/plan.hpp"
#include "shm/wait/futex.hpp"

namespace ringside::broker {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Loads all records of the store into the grid. The grid continues well after the newest revision
/// that clients may have seen. Changes that were not durable are lost, and their revisions are not
/// reused.
Result<void> load(Store& store, Grid& grid) {
    const auto began = Clock::now();
    auto summary =
        store.read([&](const StoredRecord& record) { return grid.restore(record); },
                   [](std::string_view what, const std::string& why) {
                       spdlog::error("damaged record in the store skipped: '{}': {}", what, why);
                   });
    if (!summary) return summary.error();
    // An existing store may have followed a grid that was lost before its first batch.
    const bool is_new = store.is_new();
    const Revision revision = is_new ? 0 : store.revision() + store.identity().ring_entries;
    grid.finish_restore(revision);
    if (is_new) return {};
    if (auto written = store.write(revision, true); !written) return written;
    const double took = seconds_since(began);
    spdlog::info("loaded {} records from the store in {:.3f} s ({:.0f} records/s), damaged: {}",
                 summary->records, took, static_cast<double>(summary->records) / took,
                 summary->damaged + summary->gaps);
    return {};
}

RecorderOptions recorder_options(const Options& options, const shm::Segment& segment) {
    RecorderOptions made;
    made.store.directory = options.data_directory;
    made.store.grid = options.grid;
    made.store.ring_entries = segment.view().identity().ring_entries;
    made.policy = options.durability;
    made.interval = options.durability_interval;
    return made;
}

/// The segment and all components that work on it, from the first record to the last reply.
class Service {
public:
    Service(Beginning& beginning, const Options& options, const shm::GridPaths& paths,
            Reactor::Reload reload)
        : segment_(&beginning.segment),
          left_(&beginning.left),
          store_(&beginning.store),
          options_(&options),
          paths_(paths),
          reactor_(beginning.segment, options, paths, durability_) {
        reactor_.on_reload(std::move(reload));
    }

    Result<void> start() {
        if (auto filled = *left_ ? take_over() : fill(); !filled) return filled;
        if (auto listening = reactor_.listen(); !listening) return listening;
        if (auto started = reactor_.engine().start(); !started) return started;
        announce();
        return {};
    }

    /// Error: store_failed if the store did not accept all changes at the end.
    Result<void> run() {
        reactor_.run();
        has_missing_ = recorder_ && !recorder_->stop();
        daemon::notify_stopping();
        reactor_.end_sessions();
        if (!has_missing_) return {};
        return Error(Errc::store_failed,
                     "some changes are not in the store; the segment is kept so that the next "
                     "broker writes them: " +
                         durability_.reason());
    }

    /// Returns whether another broker continues with the segment: either it takes over, or it must
    /// write the changes that the store does not have.
    [[nodiscard]] bool leaves_segment() const noexcept {
        return reactor_.leaves_segment() || has_missing_;
    }

private:
    /// Fills a new segment from the store, if there is one.
    Result<void> fill() {
        if (!*store_) {
            spdlog::info(
                "grid is in memory only and is lost when the host restarts; start the broker with "
                "--data to keep it");
            return {};
        }
        if (auto loaded = load(**store_, reactor_.engine().grid()); !loaded) return loaded;
        record(std::move(*store_));
        return {};
    }

    Result<void> take_over() {
        const bool relies_on_fence =
            (segment_->view().identity().flags & shm::Identity::asymmetric_fence) != 0;
        if (relies_on_fence && !shm::try_membarrier_all()) {
            return Error(
                Errc::system_error,
                "attached clients rely on membarrier(2), which this process is not permitted to "
                "call; permit it (seccomp), or remove the segment to start an empty grid");
        }
        // SYNC unpaired: stored relaxed by the former broker, which has ended.
        const SessionId last = segment_->header().broker.sessions_given.load();
        if (auto taken = reactor_.engine().take_over(std::move(**left_)); !taken) return taken;
        reactor_.expect(reactor_.engine().absent(), last);
        if (!options_->data_directory.empty()) {
            record(std::nullopt);  // opened while the grid is served: its log may be long
        } else if (segment_->header().store.id.load() != 0) {  // SYNC store-followed: by Recorder
            // The id stays: the store can follow this segment again, see `Recorder::find_place`.
            shm::Header& header = segment_->header();
            // SYNC durable-revision: stored by the former broker's recorder.
            spdlog::warn(
                "grid has a store that is not used: changes after revision {} are in memory only; "
                "start the broker with --data",
                header.broker.durable.load());
            // SYNC store-followed: pairs with the next broker's check_store() and with inspection.
            header.store.is_detached.store(1);
            header.store.show("");
            // SYNC durable-revision: no store follows; publishes nothing.
            header.broker.durable.store(0);
        }
        return {};
    }

    void record(std::optional<Store> store) {
        recorder_.emplace(segment_->view(), recorder_options(*options_, *segment_),
                          std::move(store), durability_,
                          [this] { reactor_.engine().nudge_if_asleep(); });
        reactor_.engine().on_store_work([this] { recorder_->notice(); });
        recorder_->start();
    }

    void announce() {
        shm::Header& header = segment_->header();
        const bool is_new = !*left_;
        const bool has_fence = shm::register_for_membarrier() && shm::try_membarrier_all();
        // SYNC broker-generation: pairs with Attachment::follow() and ThreadLane::pin(): a client
        // that sees the new generation finds the broker that serves the grid from here on.
        header.horizon.generation.fetch_add(1, std::memory_order_release);
        if (is_new) segment_->announce(has_fence ? shm::Identity::asymmetric_fence : 0);
        shm::futex_wake_all(shm::low_half(header.commit.published));
        // SYNC broker-generation: stored above, by this thread.
        spdlog::info("serving grid '{}': {} MiB, {} changes in the ring, generation {}",
                     options_->grid, segment_->view().size_bytes() >> 20,
                     segment_->view().identity().ring_entries, header.horizon.generation.load());
        std::printf("ready grid=%s pid=%d memory=%llu socket=%s\n", options_->grid.c_str(),
                    static_cast<int>(getpid()),
                    static_cast<unsigned long long>(segment_->view().size_bytes()),
                    paths_.socket_path.c_str());
        std::fflush(stdout);
        daemon::notify_ready("Serving grid " + options_->grid);
    }

    shm::Segment* segment_;
    std::optional<Survey>* left_;
    std::optional<Store>* store_;
    const Options* options_;
    shm::GridPaths paths_;
    Durability durability_;
    Reactor reactor_;
    std::optional<Recorder> recorder_;
    bool has_missing_ = false;
};

/// Serves from start to end. Returns true if the segment is left to another broker.
Result<bool> serve_from(Beginning& beginning, const Options& options, const shm::GridPaths& paths,
                        Reactor::Reload reload) {
    Service service(beginning, options, paths, std::move(reload));
    if (auto started = service.start(); !started) return started.error();
    beginning.give_up_replaced();
    auto outcome = service.run();
    beginning.leaves_segment = service.leaves_segment();
    if (!outcome) return outcome.error();
    return beginning.leaves_segment;
}

/// Converts exceptions for host limits on threads, pollers and allocations to errors.
Result<bool> serve_guarded(Beginning& beginning, const Options& options,
                           const shm::GridPaths& paths, Reactor::Reload reload) {
    try {
        return serve_from(beginning, options, paths, std::move(reload));
    } catch (const std::exception& failure) {
        return Error(Errc::system_error, failure.what());
    }
}

/// Applies the host's memory limit to the options. Error: system_error if the limit leaves no room
/// for a grid.
Result<Options> bounded(Options options) {
    const auto limit = cgroup_memory_limit();
    if (!limit) return options;
    const std::uint64_t share = segment_share(limit->bytes, !options.data_directory.empty());
    if (share >= options.shape.memory_bytes) return options;
    shm::Identity planned;
    if (auto plan = shm::plan_regions(options.shape, planned); !plan) return plan.error();
    if (share < shm::starting_bytes(planned)) {
        return Error(Errc::system_error,
                     "memory limit too low: " + std::to_string(limit->bytes >> 20) + " MiB (" +
                         limit->file + ") for a grid of " +
                         std::to_string(options.shape.memory_bytes >> 20) +
                         " MiB; raise the limit, or choose a smaller --memory or --ring-entries");
    }
    spdlog::warn(
        "memory limit of {} MiB ({}) is too low for --memory {} MiB: the grid is full at {} MiB; "
        "raise the limit, or choose a smaller --memory",
        limit->bytes >> 20, limit->file, options.shape.memory_bytes >> 20, share >> 20);
    options.memory_bytes_bound = share;
    options.memory_bound_by = "the memory limit in " + limit->file;
    return options;
}

/// Serves with the lock held. Returns true if the segment is left to another broker.
Result<bool> serve_locked(const Options& options, const shm::GridPaths& paths,
                          Reactor::Reload reload) {
    auto beginning = begin(options, paths);
    if (!beginning) return beginning.error();
    auto outcome = serve_guarded(*beginning, options, paths, std::move(reload));
    // A segment that this broker could not take over is left for a broker that can.
    const bool was_refused = !outcome && beginning->left;
    shm::Segment& segment = beginning->segment;
    if (!beginning->leaves_segment && !was_refused) {
        segment.close(shm::GridState::stopped);
        if (is_file_at(segment.descriptor(), paths.segment_path)) {
            shm::Segment::remove(options.grid);
        }
        beginning->restore_replaced();
    }
    disclaim(segment.header());
    if (!outcome) return outcome.error();
    spdlog::info("grid '{}' {}", options.grid, *outcome ? "handed over" : "ended");
    return outcome;
}

}  // namespace

Result<void> serve(const Options& options, std::function<Result<Options>()> reload) {
    const auto paths = shm::GridPaths::of(options.grid, geteuid()).value();
    const auto served = bounded(options);
    if (!served) return served.error();
    auto lock = take_grid(options, paths);
    if (!lock) return lock.error();
    auto left = serve_locked(*served, paths, std::move(reload));
    if (!left || !*left) lock->remove();
    if (!left) return left.error();
    return {};
}

}  // namespace ringside::broker
