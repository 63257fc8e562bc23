#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <map>
#include <optional>
#include <set>
#include <thread>

#include "ringside/client.hpp"
#include "shm/ring/change_ring.hpp"
#include "tests/support/segment_surgery.hpp"
#include "tests/support/test_grid.hpp"

/// Clients whose broker is replaced, ends or does not answer, while they are idle or stopped.
namespace ringside {
namespace {

using namespace std::chrono_literals;
using testing::SegmentSurgery;
using testing::TestGrid;

/// The socket of a missing broker: connections wait forever.
class DeafSocket {
public:
    DeafSocket(const std::string& grid, int backlog)
        : path_(shm::GridPaths::of(grid)->socket_path),
          socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        unlink(path_.c_str());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            listen(socket_.get(), backlog) != 0) {
            throw std::runtime_error("listen");
        }
    }
    ~DeafSocket() { unlink(path_.c_str()); }
    DeafSocket(const DeafSocket&) = delete;
    DeafSocket& operator=(const DeafSocket&) = delete;

    /// Connects until there is no room for more connections.
    void fill() {
        for (;;) {
            Descriptor one(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            path_.copy(address.sun_path, sizeof address.sun_path - 1);
            if (connect(one.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                0) {
                return;
            }
            waiting_.push_back(std::move(one));
        }
    }

private:
    std::string path_;
    Descriptor socket_;
    std::vector<Descriptor> waiting_;
};

class BrokerLoss : public ::testing::Test {
protected:
    TestGrid grid_{{"--memory", "64MiB", "--ring-entries", "4096"}};
    Client client_ = attach();

    [[nodiscard]] Client attach() const {
        return Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    }
    /// Replaces the broker, and makes the next one abandon all sessions, as if the client had
    /// paused longer than its lease.
    void replace_broker_and_give_up_sessions() {
        grid_.kill_broker();
        SegmentSurgery(grid_.name()).give_up_sessions();
        grid_.start();
    }
    static std::string shown(const Result<WatchEvent>& event) {
        if (!event) return std::string(name(event.error().code));
        std::string text(name(event->kind));
        if (event->kind == WatchKind::lagged) return text;
        text += " " + std::string(event->record.name());
        if (const auto value = event->value()) text += "=" + to_json(*value);
        return text;
    }
};

TEST_F(BrokerLoss, WatchContinuesAfterItsSessionWasAbandoned) {
    const Client reader = attach();
    Watch watch = reader.watch("**", {.mode = WatchMode::every}).value();
    client_.put("a", "1").value();
    EXPECT_EQ(shown(watch.next(60s)), "put a=1");
    EXPECT_EQ(watch.poll().error(), Errc::would_block);
    client_.put("b", "1").value();
    replace_broker_and_give_up_sessions();
    client_.put("c", "1").value();
    EXPECT_EQ(shown(watch.next(60s)), "put b=1");
    EXPECT_EQ(shown(watch.next(60s)), "put c=1");
    client_.put("d", "1").value();
    EXPECT_EQ(shown(watch.next(60s)), "put d=1");
}

TEST_F(BrokerLoss, WatchWithAHeldEventReportsLagged) {
    const Client reader = attach();
    Watch every = reader.watch("**", {.mode = WatchMode::every}).value();
    Watch latest = reader.watch("**").value();
    client_.put("a", "1").value();
    EXPECT_EQ(shown(every.next(60s)), "put a=1");
    EXPECT_EQ(shown(latest.next(60s)), "put a=1");
    replace_broker_and_give_up_sessions();
    client_.put("b", "1").value();
    EXPECT_EQ(shown(every.next(60s)), "lagged");
    EXPECT_EQ(shown(every.next(60s)), "put b=1");
    EXPECT_EQ(shown(latest.next(60s)), "lagged");
    EXPECT_EQ(shown(latest.next(60s)), "current a=1");
    EXPECT_EQ(shown(latest.next(60s)), "current b=1");
    EXPECT_EQ(latest.poll().error(), Errc::would_block);
}

TEST_F(BrokerLoss, WatchThatDeliversTheStateContinuesAfterTheLastName) {
    for (int i = 0; i < 200; ++i) client_.put("r/" + std::to_string(1000 + i), "0").value();
    const Client reader = attach();
    Watch watch = reader.watch("r/*", {.mode = WatchMode::every, .initial = true}).value();
    std::multiset<std::string> names;
    for (int i = 0; i < 50; ++i) names.insert(shown(watch.next(60s)));
    client_.put("r/1000", "1").value();  // already delivered
    client_.put("r/1199", "1").value();  // not yet delivered
    replace_broker_and_give_up_sessions();
    for (int i = 0; i < 151; ++i) names.insert(shown(watch.next(60s)));
    for (int i = 0; i < 199; ++i) {
        // The event held during the replacement may have been overwritten, so it is delivered
        // again.
        EXPECT_EQ(names.count("current r/" + std::to_string(1000 + i) + "=0"), i == 49 ? 2U : 1U)
            << i;
    }
    EXPECT_EQ(names.count("current r/1199=1"), 1U);
    EXPECT_EQ(shown(watch.next(60s)), "put r/1000=1");
    EXPECT_EQ(watch.poll().error(), Errc::would_block);
}

TEST_F(BrokerLoss, AWatchMissesNothingWhereABrokerDiedWhilePublishing) {
    Watch watch = client_.watch("**", {.mode = WatchMode::every}).value();
    client_.put("a", "1").value();
    EXPECT_EQ(shown(watch.next(60s)), "put a=1");
    EXPECT_EQ(watch.poll().error(), Errc::would_block);
    grid_.kill_broker();
    {
        const SegmentSurgery surgery(grid_.name());
        shm::Header& header = surgery.view().header();
        const Position tail = header.tail.tail.load();
        const Position head = header.commit.head.load();
        // The broker has counted an entry and not published it.
        shm::ChangeRingWriter dying(surgery.view());
        dying.adopt(tail, head, head);
        shm::Change change;
        change.revision = header.commit.published.load() + 1;
        dying.append(change);
        header.commit.head.store(dying.head());
        EXPECT_EQ(watch.poll().error(), Errc::would_block);
        // The next broker wipes the entry, and dies before it publishes anything.
        shm::ChangeRingWriter next(surgery.view());
        next.adopt(tail, head, head + 1);
        EXPECT_EQ(watch.poll().error(), Errc::would_block);
    }
    grid_.start();
    client_.put("b", "1").value();
    EXPECT_EQ(shown(watch.next(60s)), "put b=1");
}

TEST_F(BrokerLoss, TheFirstCallsOfAnIdleClientAreCarriedOut) {
    Client idle = attach();
    Pipeline pipeline = idle.pipeline().value();
    CallPipeline calls = idle.call_pipeline({}).value();
    idle.put("a", "1").value();
    pipeline.put("b", "1").value();
    pipeline.flush().value();
    const auto each_first = [&](const std::function<void()>& call) {
        replace_broker_and_give_up_sessions();
        call();
    };
    each_first([&] { EXPECT_TRUE(idle.put("a", "2")); });
    each_first([&] { EXPECT_TRUE(pipeline.put("b", "2") && pipeline.flush()); });
    each_first([&] { EXPECT_EQ(idle.snapshot()->get("b")->version(), 2U); });
    each_first([&] { EXPECT_EQ(idle.get("b")->version(), 2U); });
    each_first([&] { EXPECT_EQ(idle.call("none", "1").error(), Errc::no_provider); });
    each_first([&] {
        EXPECT_TRUE(calls.call("none", "1"));
        EXPECT_TRUE(calls.wait_all(60s));
    });
    each_first([&] {
        Transaction both;
        both.put("a", "3").value();
        both.publish("a", "3").value();
        EXPECT_TRUE(idle.commit(both));
    });
    each_first([&] { EXPECT_TRUE(idle.watch("**")); });
    each_first([&] { EXPECT_TRUE(idle.provide("p")); });
}

TEST_F(BrokerLoss, RequestThatNoBrokerStartedGoesToTheNextSession) {
    Client writer = attach();
    writer.put("a", "1").value();
    grid_.kill_broker();
    std::optional<Result<WriteResult>> written;
    std::thread waits([&] { written = writer.put("a", "2"); });
    // The request is in the lane now, or soon. The outcome must be the same.
    usleep(20'000);
    SegmentSurgery(grid_.name()).give_up_sessions();
    grid_.start();
    waits.join();
    ASSERT_TRUE(*written) << written->error().text();
    EXPECT_EQ((*written)->version, 2U);
}

TEST_F(BrokerLoss, PipelineReportsTheWritesUnderWay) {
    Client writer = attach();
    std::map<std::uint64_t, Errc> answers;
    Pipeline pipeline =
        writer
            .pipeline({.on_reply =
                           [&](std::uint64_t ticket, const Result<WriteResult>& result) {
                               answers[ticket] = result ? Errc::ok : result.error().code;
                           }})
            .value();
    pipeline.put("a", "1").value();
    pipeline.flush().value();
    grid_.kill_broker();
    pipeline.put("a", "2").value();
    pipeline.put("a", "3").value();
    SegmentSurgery(grid_.name()).give_up_sessions();
    grid_.start();
    EXPECT_EQ(pipeline.put("a", "4").error(), Errc::connection_lost);
    EXPECT_EQ(answers, (std::map<std::uint64_t, Errc>{
                           {1, Errc::ok}, {2, Errc::connection_lost}, {3, Errc::connection_lost}}));
    EXPECT_EQ(pipeline.pending(), 0U);
    pipeline.put("a", "5").value();
    EXPECT_TRUE(pipeline.flush());
    EXPECT_EQ(to_json(writer.get("a")->document()), "5");
}

TEST_F(BrokerLoss, ReadersContinueWhileTheNextBrokerDoesNotAnswer) {
    client_.put("a", "1").value();
    grid_.kill_broker();
    SegmentSurgery(grid_.name()).count_generation();
    {
        const DeafSocket next(grid_.name(), 16);
        for (int i = 0; i < 1000; ++i) ASSERT_TRUE(client_.get("a"));
        EXPECT_TRUE(client_.snapshot()->get("a"));
        EXPECT_FALSE(client_.is_connected());
    }
    grid_.start();
    EXPECT_TRUE(client_.put("a", "2"));
    EXPECT_TRUE(client_.is_connected());
}

TEST_F(BrokerLoss, ReadOnlyCallsNeverWaitForAGrid) {
    Client patient = Client::attach({.grid = grid_.name(), .timeout = 1h}).value();
    Watch watch = patient.watch("**", {.mode = WatchMode::every}).value();
    EXPECT_EQ(patient.get("a").error(), Errc::not_found);
    grid_.stop();
    std::thread waits([&] { EXPECT_EQ(patient.get("a").error(), Errc::not_found); });
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(patient.is_connected());
        EXPECT_EQ(patient.revision(), 0U);
        EXPECT_EQ(watch.poll().error(), Errc::would_block);
        EXPECT_EQ(watch.next(1ms).error(), Errc::timed_out);
    }
    grid_.start();
    waits.join();
    EXPECT_TRUE(patient.is_connected());
    EXPECT_GT(patient.put("a", "1").value().revision, 0U);
    EXPECT_GT(patient.revision(), 0U);
    EXPECT_EQ(shown(watch.next(60s)), "lagged");
}

TEST_F(BrokerLoss, ALoopDoesNotWaitForABrokerThatHangs) {
    Client loop =
        Client::attach({.grid = grid_.name(), .timeout = 0ms, .greeting_time = 1ms}).value();
    grid_.stop();
    grid_.start();
    kill(grid_.broker(), SIGSTOP);
    const auto begun = std::chrono::steady_clock::now();
    // Each of these would wait for seconds.
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(loop.get("a").error(), Errc::no_broker);
        EXPECT_FALSE(loop.watch("**"));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, testing::soon);
    kill(grid_.broker(), SIGCONT);
    EXPECT_TRUE(testing::eventually([&] { return loop.get("a").error() == Errc::not_found; }))
        << "the answer to the first greeting is used";
}

/// Interrupts all waits of the process with signals.
class SignalFlood {
public:
    SignalFlood() {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        sigaction(SIGALRM, &action, &former_);
        const itimerval often{{0, 3000}, {0, 3000}};
        setitimer(ITIMER_REAL, &often, nullptr);
    }
    ~SignalFlood() {
        const itimerval never{};
        setitimer(ITIMER_REAL, &never, nullptr);
        sigaction(SIGALRM, &former_, nullptr);
    }
    SignalFlood(const SignalFlood&) = delete;
    SignalFlood& operator=(const SignalFlood&) = delete;

private:
    struct sigaction former_ {};
};

TEST_F(BrokerLoss, AttachingEndsThoughTheBrokerDoesNotAnswerAndSignalsArrive) {
    grid_.kill_broker();
    const DeafSocket deaf(grid_.name(), 16);
    const SignalFlood flood;
    EXPECT_EQ(Client::attach({.grid = grid_.name()}).error(), Errc::no_broker);
}

TEST_F(BrokerLoss, AttachingEndsThoughTheBrokerAcceptsNoConnections) {
    grid_.kill_broker();
    DeafSocket deaf(grid_.name(), 0);
    deaf.fill();
    const SignalFlood flood;
    EXPECT_EQ(Client::attach({.grid = grid_.name()}).error(), Errc::no_broker);
}

TEST_F(BrokerLoss, EverythingWorksWhileSignalsArrive) {
    std::optional<SignalFlood> flood(std::in_place);
    Client client = attach();
    Watch watch = client.watch("**", {.mode = WatchMode::every}).value();
    for (int i = 0; i < 20; ++i) {
        client.put("a", std::to_string(i)).value();
        EXPECT_EQ(shown(watch.next(60s)), "put a=" + std::to_string(i));
        EXPECT_EQ(watch.next(5ms).error(), Errc::timed_out);
    }
    flood.reset();  // the test's own calls are not prepared for signals
    grid_.kill_broker();
    grid_.start();
    flood.emplace();
    EXPECT_TRUE(client.put("b", "1"));
    flood.reset();
}

}  // namespace
}  // namespace ringside
