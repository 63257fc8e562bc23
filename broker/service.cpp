#include "broker/service.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "broker/engine/survey.hpp"
#include "broker/grid_lock.hpp"
#include "broker/reactor/reactor.hpp"
#include "broker/store/recorder.hpp"
#include "broker/succession.hpp"
#include "shm/pin/pin.hpp"
#include "shm/wait/futex.hpp"

namespace ringside::broker {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

/// What a broker begins with.
struct Beginning {
    shm::Segment segment;
    std::optional<Survey> left;  ///< by a former broker; none: the segment is new
};

/// Puts a segment that cannot be used where an engineer finds it, and nobody else.
void keep_aside(const std::string& grid, const shm::GridPaths& paths, const Error& why) {
    const std::string aside = paths.segment_path + ".damaged";
    if (auto segment = shm::Segment::open_writable(grid)) {
        segment->close(shm::GridState::abandoned);  // its readers are told
    }
    std::error_code failure;
    std::filesystem::rename(paths.segment_path, aside, failure);
    if (failure) {
        spdlog::error("the segment is not usable ({}) and cannot be kept: {}", why.text(),
                      failure.message());
        shm::Segment::remove(grid);
        return;
    }
    spdlog::warn("the segment is not usable and is kept as {}: {}", aside, why.text());
}

/// Whether the store that the broker is to use is the one that has followed this segment. Where it
/// is another one, the store is what counts.
Result<void> check_store(const Options& options, const shm::Segment& segment) {
    if (options.data_directory.empty()) return {};
    auto store = Store::identify(options.data_directory, options.grid);
    if (!store && store.error() == Errc::not_found) return {};
    if (!store) return store.error();
    const std::uint64_t followed_by = segment.header().store.id.load();
    if (followed_by == store->id) return {};
    if (followed_by == 0) {
        // In memory only until now: a store that has nothing yet is for this segment.
        auto opened = Store::open_read_only(options.data_directory);
        if (!opened) return opened.error();
        if (opened->revision() == 0 || opened->is_incomplete()) return {};
    }
    return Error(Errc::bad_segment,
                 "another store than that in " + options.data_directory + " has followed it");
}

/// The segment of a former broker, looked at from end to end. Errors: no_such_grid, those of the
/// store, and what makes it unusable.
Result<Beginning> find_left(const Options& options) {
    auto segment = shm::Segment::open_writable(options.grid);
    if (!segment) return segment.error();
    const auto state = segment->header().broker.state.load();
    if (state != static_cast<std::uint32_t>(shm::GridState::serving)) {
        return Error(Errc::no_such_grid, "it was ended");
    }
    if (auto checked = check_store(options, *segment); !checked) return checked.error();
    const auto began = Clock::now();
    Survey survey(segment->view());
    if (auto walked = survey.run(); !walked) return walked.error();
    spdlog::info(
        "the segment of a former broker is whole: {} records at revision {}, looked at in "
        "{:.3f} s",
        survey.live, survey.published, seconds_since(began));
    return Beginning{std::move(*segment), std::move(survey)};
}

bool is_of_store(Errc code) {
    return code == Errc::store_mismatch || code == Errc::store_format ||
           code == Errc::store_damaged || code == Errc::permission_denied ||
           code == Errc::system_error;
}

Result<Beginning> begin(const Options& options, const shm::GridPaths& paths) {
    auto left = find_left(options);
    if (left) return left;
    if (is_of_store(left.error().code)) return left.error();
    if (left.error() == Errc::no_such_grid) shm::Segment::remove(options.grid);
    else keep_aside(options.grid, paths, left.error());
    auto made = shm::Segment::create(options.grid, options.shape);
    if (!made) return made.error();
    return Beginning{std::move(*made), std::nullopt};
}

/// Puts all records of the store into the grid, which goes on well after the newest revision that
/// clients may have seen: changes that were not durable are gone, and their revisions stay so.
Result<void> load(Store& store, Grid& grid) {
    const auto began = Clock::now();
    auto summary =
        store.read([&](const StoredRecord& record) { return grid.restore(record); },
                   [](std::string_view what, const std::string& why) {
                       spdlog::error("damaged in the store, and left out: '{}': {}", what, why);
                   });
    if (!summary) return summary.error();
    // One that was there may have followed a grid that was lost before it had taken anything.
    const bool is_new = store.is_new();
    const Revision revision = is_new ? 0 : store.revision() + store.identity().ring_entries;
    grid.finish_restore(revision);
    if (is_new) return {};
    if (auto written = store.write(revision, true); !written) return written;
    const double took = seconds_since(began);
    spdlog::info("{} records from the store in {:.3f} s ({:.0f} records/s), damaged: {}",
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

/// The segment and everything that works on it, from the first record to the last reply.
class Service {
public:
    Service(Beginning& beginning, const Options& options, const shm::GridPaths& paths)
        : segment_(&beginning.segment),
          left_(&beginning.left),
          options_(&options),
          paths_(paths),
          reactor_(beginning.segment, options, paths, durability_) {}

    Result<void> start() {
        if (auto filled = *left_ ? take_over() : fill(); !filled) return filled;
        if (auto listening = reactor_.listen(); !listening) return listening;
        if (auto started = reactor_.engine().start(); !started) return started;
        announce();
        return {};
    }

    /// Error: store_failed, when the store did not take everything at the end.
    Result<void> run() {
        reactor_.run();
        has_missing_ = recorder_ && !recorder_->stop();
        sd_notify(0, "STOPPING=1");
        reactor_.end_sessions();
        if (!has_missing_) return {};
        return Error(Errc::store_failed,
                     "changes are not in the store, and the segment is left for "
                     "the next broker to write them: " +
                         durability_.reason());
    }

    /// Whether another broker goes on with the segment: it takes over, or has to, because the store
    /// does not have everything.
    [[nodiscard]] bool leaves_segment() const noexcept {
        return reactor_.leaves_segment() || has_missing_;
    }

private:
    /// A new segment: from the store, where there is one.
    Result<void> fill() {
        if (options_->data_directory.empty()) {
            spdlog::info("the grid is in memory only: it ends with the host (see --data)");
            return {};
        }
        auto store = Store::open(recorder_options(*options_, *segment_).store);
        if (!store) return store.error();
        if (!store->warning().empty()) spdlog::warn("the store: {}", store->warning());
        if (store->is_incomplete()) {
            return Error(Errc::store_damaged, options_->data_directory +
                                                  ": the broker ended while it was written anew; "
                                                  "restore a backup, or remove it");
        }
        if (auto loaded = load(*store, reactor_.engine().grid()); !loaded) return loaded;
        record(std::move(*store));
        return {};
    }

    Result<void> take_over() {
        const SessionId last = segment_->header().broker.sessions_given.load();
        if (auto taken = reactor_.engine().take_over(std::move(**left_)); !taken) return taken;
        reactor_.expect(reactor_.engine().absent(), last);
        if (!options_->data_directory.empty()) {
            record(std::nullopt);  // opened while the grid is served: its log may be long
        } else if (segment_->header().store.id.load() != 0) {
            spdlog::warn("the grid had a store, and has none now: it is in memory only");
            segment_->header().store.id.store(0);
            segment_->header().store.show("");
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
        header.broker.broker_pid.store(static_cast<std::uint32_t>(getpid()));
        const bool is_new = !*left_;
        const bool has_fence = shm::register_for_membarrier();
        // release: clients that see it find the broker that serves them from here on.
        header.horizon.generation.fetch_add(1, std::memory_order_release);
        if (is_new) segment_->announce(has_fence ? shm::Identity::asymmetric_fence : 0);
        shm::futex_wake_all(shm::low_half(header.commit.published));
        spdlog::info("grid '{}' is served: {} MiB, {} changes in the ring, generation {}",
                     options_->grid, segment_->view().size_bytes() >> 20,
                     segment_->view().identity().ring_entries, header.horizon.generation.load());
        std::printf("ready grid=%s pid=%d memory=%llu socket=%s\n", options_->grid.c_str(),
                    static_cast<int>(getpid()),
                    static_cast<unsigned long long>(segment_->view().size_bytes()),
                    paths_.socket_path.c_str());
        std::fflush(stdout);
        sd_notifyf(0, "READY=1\nMAINPID=%d\nSTATUS=Serving grid %s", static_cast<int>(getpid()),
                   options_->grid.c_str());
    }

    shm::Segment* segment_;
    std::optional<Survey>* left_;
    const Options* options_;
    shm::GridPaths paths_;
    Durability durability_;
    Reactor reactor_;
    std::optional<Recorder> recorder_;
    bool has_missing_ = false;
};

/// Serves with the lock held. True: the segment is left to another broker.
Result<bool> serve_locked(const Options& options, const shm::GridPaths& paths) {
    auto beginning = begin(options, paths);
    if (!beginning) return beginning.error();
    bool leaves_segment = false;
    Result<void> outcome;
    {
        Service service(*beginning, options, paths);
        outcome = service.start();
        if (outcome) outcome = service.run();
        leaves_segment = service.leaves_segment();
    }
    // What a broker could not take over is left for one that can.
    const bool was_refused = !outcome && beginning->left;
    if (!leaves_segment && !was_refused) {
        beginning->segment.close(shm::GridState::stopped);
        shm::Segment::remove(options.grid);
        unlink(paths.socket_path.c_str());
    }
    if (!outcome) return outcome.error();
    spdlog::info("grid '{}' {}", options.grid, leaves_segment ? "is handed over" : "has ended");
    return leaves_segment;
}

}  // namespace

Result<void> serve(const Options& options) {
    const auto paths = shm::GridPaths::of(options.grid).value();
    auto lock = take_grid(options, paths);
    if (!lock) return lock.error();
    auto left = serve_locked(options, paths);
    if (!left || !*left) lock->remove();
    if (!left) return left.error();
    return {};
}

}  // namespace ringside::broker
