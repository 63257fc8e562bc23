#include "broker/reactor/engine_thread.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "shm/segment/statistics.hpp"
#include "shm/wait/futex.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/test_grid.hpp"

/// The engine in its thread, with client threads in place of client processes.
namespace ringside::broker {
namespace {

using namespace std::chrono_literals;
using testing::Answer;
using testing::eventually;
using testing::LaneClient;
using testing::SessionClient;

/// A running engine, with sessions opened as the reactor opens them. The engine wakes up only if it
/// is woken, because a heartbeat would hide a lost wake-up.
class RunningEngine {
public:
    explicit RunningEngine(EngineTimes times = {.spin = 50us, .heartbeat_interval = testing::never})
        : segment(
              shm::Segment::create_anonymous({.memory_bytes = 32ULL << 20, .ring_entries = 4096})
                  .value()),
          engine(segment, {}, times, durability_, {},
                 MemoryLimits::of_total(limits::sessions_memory_bytes_default), handover_, [] {}) {
        engine.start().value();
    }
    ~RunningEngine() {
        engine.stop();
        EndedSession* ended = nullptr;
        while (handover_.ended.pop(ended)) delete ended;
    }

    /// Opens a session and waits until the engine has added it.
    SessionClient open() {
        auto memory = SessionMemory::create().value();
        const shm::SessionMemoryView view = memory.view();
        const SessionId id = ++last_id_;
        auto session = std::make_unique<Session>(
            id, id - 1, std::move(memory), Peer{{1, 1, 1, {}}, {shm::Role::admin, {}}, "thread"});
        order(new SessionOrder{std::move(session), 0});
        OpenedSession opened;
        if (!eventually([&] { return handover_.opened.pop(opened); }) || opened.session != id) {
            throw std::runtime_error("the engine does not take the session");
        }
        return {id, view};
    }
    void close(SessionId id) {
        order(new SessionOrder{nullptr, id});
        EndedSession* taken = nullptr;
        if (!eventually([&] { return handover_.ended.pop(taken); })) {
            throw std::runtime_error("the engine does not let go of the session");
        }
        const std::unique_ptr<EndedSession> ended(taken);
        if (ended->session->id() != id) throw std::runtime_error("another session");
    }
    [[nodiscard]] bool is_asleep() const { return segment.header().broker.asleep.load() == 1; }

    /// Rings if the engine declares that it sleeps, as a client does after each request.
    void ring() const {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (is_asleep()) engine.nudge();
    }
    /// Writes and waits for the answer, first spinning, then asleep. Returns false if no answer
    /// arrives.
    bool write(LaneClient& lane, std::string_view name, std::string_view json) const {
        if (!lane.put(name, json)) return false;
        ring();
        const auto deadline = shm::Clock::now() + testing::soon;
        for (int tries = 0;; ++tries) {
            if (lane.take()) return true;
            if (tries < 1000) continue;
            const shm::HalfWord& word = lane.control().broker_reply.reply_tail;
            const std::uint32_t seen = word.load();
            lane.control().client.reply_asleep =
                static_cast<std::uint32_t>(shm::SleepsOn::reply_tail);
            const bool is_there = lane.take().has_value();
            const auto outcome =
                is_there ? shm::WaitOutcome::changed : shm::futex_wait(word, seen, deadline);
            lane.control().client.reply_asleep = 0;
            if (is_there) return true;
            if (outcome == shm::WaitOutcome::timed_out) return false;
        }
    }

    shm::Segment segment;

private:
    void order(SessionOrder* order) {
        handover_.orders.push(order);
        engine.nudge();
    }

    Durability durability_;
    Handover handover_;
    SessionId last_id_ = 0;

public:
    EngineThread engine;
};

TEST(EngineThreads, EveryWriteIsAnsweredWhetherTheEngineSleepsOrNot) {
    RunningEngine running;
    std::vector<SessionClient> sessions;
    for (int i = 0; i < 3; ++i) sessions.push_back(running.open());
    std::vector<std::thread> writers;
    std::atomic<int> answered = 0;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        writers.emplace_back([&, i] {
            LaneClient& lane = sessions[i].open_lane();
            for (int n = 0; n < 400; ++n) {
                // Occasionally writes while the engine is asleep, if the other writers let it
                // sleep.
                for (int look = 0; n % 40 == 0 && look < 1000 && !running.is_asleep(); ++look) {
                    std::this_thread::yield();
                }
                if (!running.write(lane, "r/" + std::to_string(i), std::to_string(n))) return;
                ++answered;
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(answered, 3 * 400);
    // Each session has one record.
    const auto& header = running.segment.header();
    EXPECT_TRUE(eventually([&] { return header.commit.published.load() >= 1201U; }));
    EXPECT_LE(header.commit.published.load(), 1203U);
    EXPECT_TRUE(eventually(
        [&] { return header.counters.commits.load() == header.commit.published.load(); }));
}

TEST(EngineThreads, SleepingWatchersMissNoRevision) {
    RunningEngine running;
    auto session = running.open();
    constexpr Revision last = 300;
    constexpr int watchers = 4;
    const shm::Word& published = running.segment.header().commit.published;
    std::vector<LaneClient*> lanes;
    for (int i = 0; i < watchers; ++i) lanes.push_back(&session.open_lane());
    LaneClient& lane = session.open_lane();
    std::atomic<int> arrived = 0;
    std::vector<std::thread> threads;
    for (LaneClient* own : lanes) {
        threads.emplace_back([&, own] {
            for (Revision seen = 0; seen < last;) {
                own->watch_mask().store(shm::any_bit, std::memory_order_seq_cst);
                auto outcome = shm::WaitOutcome::changed;
                if (published.load(std::memory_order_seq_cst) == seen) {
                    outcome = shm::futex_wait_for(shm::low_half(published),
                                                  static_cast<std::uint32_t>(seen), testing::soon);
                }
                own->watch_mask().store(0, std::memory_order_relaxed);
                if (outcome == shm::WaitOutcome::timed_out) return;
                seen = published.load(std::memory_order_acquire);
            }
            ++arrived;
        });
    }
    for (Revision n = 1; n <= last; ++n) ASSERT_TRUE(running.write(lane, "a", std::to_string(n)));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(arrived, watchers);
    EXPECT_GT(running.segment.header().counters.wakes.load(), 0U);
}

TEST(EngineThreads, SessionsComeAndGoWhileOthersWrite) {
    RunningEngine running;
    auto stays = running.open();
    std::atomic<bool> is_over = false;
    std::atomic<int> answered = 0;
    std::thread writer([&] {
        LaneClient& lane = stays.open_lane();
        while (!is_over) {
            if (!running.write(lane, "steady", "1")) return;
            ++answered;
        }
        ++answered;
    });
    for (int i = 0; i < 100; ++i) {
        auto session = running.open();
        LaneClient& lane = session.open_lane();
        EXPECT_TRUE(running.write(lane, "passing", std::to_string(i)));
        running.close(session.id);
    }
    is_over = true;
    const int before = answered;
    writer.join();
    EXPECT_GT(answered, before);
    EXPECT_EQ(running.segment.header().counters.sessions_open.load(), 1U);
}

std::uint64_t values_in(const shm::Histogram& histogram) {
    std::uint64_t values = 0;
    for (const shm::Word& count : histogram.counts) values += count.load();
    return values;
}

TEST(EngineThread, EachCommitIsCountedWithTheDurationOfItsTurn) {
    RunningEngine running;
    const auto& statistics = shm::statistics_of(running.segment.view());
    auto session = running.open();
    LaneClient& lane = session.open_lane();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(running.write(lane, "a", std::to_string(i)));
    ASSERT_TRUE(eventually([&] { return values_in(statistics.commit_ns) >= 100; }));
    running.engine.stop();
    EXPECT_EQ(values_in(statistics.commit_ns), statistics.commits_of_turn.sum.load());
    EXPECT_LE(values_in(statistics.commits_of_turn), values_in(statistics.turn_ns));
    EXPECT_GT(statistics.commit_ns.sum.load(), 0U);
    EXPECT_EQ(values_in(statistics.sync_ns), 0U) << "there is no store";
}

TEST(EngineThread, HeartbeatContinuesWhileIdle) {
    RunningEngine running({.spin = 50us, .heartbeat_interval = 1ms});
    const shm::Word& heartbeat = running.segment.header().broker.heartbeat_ns;
    ASSERT_TRUE(eventually([&] { return heartbeat.load() != 0; }));
    for (int i = 0; i < 3; ++i) {
        const std::uint64_t seen = heartbeat.load();
        EXPECT_TRUE(eventually([&] { return heartbeat.load() > seen; }));
    }
}

TEST(EngineThread, RecordExpiresWhileTheEngineSleeps) {
    RunningEngine running({.spin = 0us, .heartbeat_interval = testing::never});
    auto session = running.open();
    LaneClient& lane = session.open_lane();
    lane.writer.put("a", document_from_json("1").value(), {.ttl_ms = 20});
    ASSERT_TRUE(lane.send());
    running.ring();
    ASSERT_TRUE(eventually([&] { return lane.take().has_value(); }));
    EXPECT_TRUE(eventually([&] { return running.segment.header().commit.published.load() == 2; }));
}

TEST(EngineThread, DoorbellOfOneSessionCannotBeSilencedByAnother) {
    RunningEngine running({.spin = 0us, .heartbeat_interval = testing::never});
    const Descriptor honest(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const Descriptor stolen(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    running.engine.listen_to(honest.get()).value();
    running.engine.listen_to(stolen.get()).value();
    // The owner empties the descriptor, fills it, and makes reads block.
    std::uint64_t count = 0;
    EXPECT_LT(read(stolen.get(), &count, sizeof count), 0);
    count = ~0ULL - 1;
    EXPECT_EQ(write(stolen.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    ASSERT_EQ(fcntl(stolen.get(), F_SETFL, 0), 0);
    auto session = running.open();
    LaneClient& lane = session.open_lane();
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(eventually([&] { return running.is_asleep(); }));
        ASSERT_TRUE(lane.put("a", "1"));
        count = 1;
        ASSERT_EQ(write(honest.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
        ASSERT_TRUE(eventually([&] { return lane.take().has_value(); }));
    }
}

}  // namespace
}  // namespace ringside::broker
