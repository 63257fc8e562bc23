#include "broker/service.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "broker/grid_lock.hpp"
#include "broker/reactor/reactor.hpp"
#include "broker/store/recorder.hpp"
#include "shm/pin/pin.hpp"

namespace ringside::broker {

namespace {

/// A segment that a dead broker left: its readers are told, and its name is free again.
void abandon_leftover(const std::string& grid) {
    auto left = shm::Segment::open_writable(grid);
    if (left) {
        left->close(shm::GridState::abandoned);
        spdlog::warn("a broker of this grid died without an end; its records are gone");
    } else if (left.error().code == Errc::no_such_grid) {
        shm::Segment::remove(grid);  // one that was just being made, perhaps
        return;
    } else {
        spdlog::warn("what is there in place of the grid is removed: {}", left.error().text());
    }
    shm::Segment::remove(grid);
}

/// Puts all records of the store into the grid, which goes on well after the newest revision that
/// clients may have seen: changes that were not durable are gone, and their revisions stay so.
Result<void> load(Store& store, Grid& grid) {
    const auto began = std::chrono::steady_clock::now();
    auto summary =
        store.read([&](const StoredRecord& record) { return grid.restore(record); },
                   [](std::string_view what, const std::string& why) {
                       spdlog::error("damaged in the store, and left out: '{}': {}", what, why);
                   });
    if (!summary) return summary.error();
    const bool is_fresh = store.revision() == 0;
    const Revision revision = is_fresh ? 0 : store.revision() + store.identity().ring_entries;
    grid.finish_restore(revision);
    if (is_fresh) return {};
    if (auto written = store.write(revision, true); !written) return written;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    spdlog::info("{} records from the store in {:.3f} s ({:.0f} records/s), damaged: {}",
                 summary->records, took.count(),
                 static_cast<double>(summary->records) / took.count(),
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

/// The segment and everything that works on it, from the first record to the last reply.
class Service {
public:
    Service(shm::Segment& segment, const Options& options, const shm::GridPaths& paths)
        : segment_(&segment),
          options_(&options),
          paths_(paths),
          reactor_(segment, options, paths, durability_) {}

    Result<void> start() {
        if (!options_->data_directory.empty()) {
            if (auto opened = open_store(); !opened) return opened;
        } else {
            spdlog::info("the grid is in memory only: it ends with this broker (see --data)");
        }
        if (auto listening = reactor_.listen(); !listening) return listening;
        if (auto started = reactor_.engine().start(); !started) return started;
        announce();
        return {};
    }

    void run() {
        reactor_.run();
        if (recorder_ && !recorder_->stop()) {
            spdlog::error("changes are lost that the store did not take: {}", durability_.reason());
        }
        reactor_.end_sessions();
    }

private:
    Result<void> open_store() {
        const RecorderOptions how = recorder_options(*options_, *segment_);
        auto store = Store::open(how.store);
        if (!store) return store.error();
        if (!store->warning().empty()) spdlog::warn("the store: {}", store->warning());
        if (auto loaded = load(*store, reactor_.engine().grid()); !loaded) return loaded;
        segment_->header().store.id.store(store->identity().id);
        recorder_.emplace(segment_->view(), how, std::move(*store), durability_,
                          [this] { reactor_.engine().nudge_if_asleep(); });
        reactor_.engine().on_store_work([this] { recorder_->notice(); });
        recorder_->start(0);
        return {};
    }

    void announce() {
        segment_->header().broker.broker_pid.store(static_cast<std::uint32_t>(getpid()));
        segment_->header().horizon.generation.store(1);
        segment_->announce(shm::register_for_membarrier() ? shm::Identity::asymmetric_fence : 0);
        spdlog::info("grid '{}' is served: {} MiB, {} changes in the ring", options_->grid,
                     segment_->view().size_bytes() >> 20, segment_->view().identity().ring_entries);
        std::printf("ready grid=%s pid=%d memory=%llu socket=%s\n", options_->grid.c_str(),
                    static_cast<int>(getpid()),
                    static_cast<unsigned long long>(segment_->view().size_bytes()),
                    paths_.socket_path.c_str());
        std::fflush(stdout);
    }

    shm::Segment* segment_;
    const Options* options_;
    shm::GridPaths paths_;
    Durability durability_;
    Reactor reactor_;
    std::optional<Recorder> recorder_;
};

}  // namespace

Result<void> serve(const Options& options) {
    const auto paths = shm::GridPaths::of(options.grid).value();
    auto lock = GridLock::take(paths.lock_path);
    if (!lock) return lock.error();
    abandon_leftover(options.grid);
    auto segment = shm::Segment::create(options.grid, options.shape);
    if (!segment) {
        lock->remove();
        return segment.error();
    }
    Result<void> outcome;
    {
        Service service(*segment, options, paths);
        outcome = service.start();
        if (outcome) service.run();
    }
    segment->close(shm::GridState::stopped);
    shm::Segment::remove(options.grid);
    unlink(paths.socket_path.c_str());
    lock->remove();
    if (outcome) spdlog::info("grid '{}' has ended", options.grid);
    return outcome;
}

}  // namespace ringside::broker
