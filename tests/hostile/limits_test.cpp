#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "ringside/client.hpp"
#include "tests/hostile/stranger.hpp"
#include "tests/support/child.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// Clients that try to crash the broker, exhaust its memory or take its time, each by one means. An
/// honest client must still be served.
namespace ringside {
namespace {

using namespace testing;

constexpr auto patience = std::chrono::seconds(60);

/// A session under full control of a test.
class HostileSession {
public:
    explicit HostileSession(const std::string& grid) : client_(grid) {
        is_attached_ = client_.attach();
    }
    [[nodiscard]] bool is_attached() const noexcept { return is_attached_; }
    [[nodiscard]] shm::SessionMemoryView memory() const { return client_.memory(); }
    RawClient& client() noexcept { return client_; }

    void open_all_lanes() const {
        memory().control().lanes_open = limits::lanes_per_session_max;
        client_.ring();
    }

    /// Pushes as many bytes of an unfinished message into a lane as fit now.
    std::size_t push_without_end(std::size_t lane, ByteView message) {
        if (rings_.empty()) rings_.resize(limits::lanes_per_session_max);
        auto& ring = rings_[lane];
        if (!ring) {
            shm::LaneControl& control = memory().lane(lane);
            ring.emplace(memory().request_ring(lane), shm::request_ring_bytes,
                         control.client.request_tail, control.broker.request_head);
        }
        const ByteView piece = message.first(
            std::min<std::size_t>(message.size(), shm::frame_bytes_max(shm::request_ring_bytes)));
        std::size_t pushed = 0;
        while (ring->push(piece, true)) pushed += piece.size();
        ring->flush();
        return pushed;
    }

private:
    RawClient client_;
    bool is_attached_ = false;
    std::vector<std::optional<shm::ByteRingProducer>> rings_;
};

class HostileLimits : public ::testing::Test {
protected:
    HostileLimits() {
        std::ofstream(directory_ / "roles.toml")
            << "[[role]]\nuser = 65534\nrole = 'writer'\npatterns = ['hostile/**']\n";
        grid_.emplace(
            std::vector<std::string>{"--memory", "64MiB", "--config", directory_ / "roles.toml"});
        honest_.emplace(Client::attach({.grid = grid_->name(), .timeout = patience}).value());
        serve();
        memory_before_ = private_bytes();
    }

    void serve() {
        const auto written = honest_->put("honest", std::to_string(++writes_));
        ASSERT_TRUE(written) << written.error().text();
        ASSERT_EQ(written->version, writes_);
    }
    void serve_beside(Child& hostile) {
        while (!hostile.has_ended()) {
            serve();
            if (HasFatalFailure()) return;
            most_memory_ = std::max(most_memory_, private_bytes());
        }
        EXPECT_TRUE(hostile.join());
    }
    static void become_stranger() {
        if (geteuid() != 0) return;
        ASSERT_EQ(setgroups(0, nullptr), 0);
        ASSERT_EQ(setgid(getgid()), 0);
        ASSERT_EQ(setuid(stranger), 0);
    }
    [[nodiscard]] std::uint64_t private_bytes() const {
        std::ifstream file("/proc/" + std::to_string(grid_->broker()) + "/statm");
        std::uint64_t total = 0;
        std::uint64_t resident = 0;
        std::uint64_t shared = 0;
        file >> total >> resident >> shared;
        return (resident - shared) * 4096;
    }
    [[nodiscard]] const shm::Counters& counters() const { return segment_->header().counters; }

    const TemporaryDirectory directory_;
    std::optional<TestGrid> grid_;
    std::optional<Client> honest_;
    std::optional<shm::Segment> segment_;
    Version writes_ = 0;
    std::uint64_t memory_before_ = 0;
    std::uint64_t most_memory_ = 0;
};

/// Between two brokers, only the client can access the words of a lane.
TEST_F(HostileLimits, LanesThatAreResumedWithHostileWordsHarmNoBroker) {
    std::mt19937 random(17);
    const auto word = [&random](std::uint64_t ring) {
        switch (random() % 5) {
            case 0: return static_cast<std::uint32_t>(ring - 4);
            case 1: return static_cast<std::uint32_t>(ring - 8);
            case 2: return static_cast<std::uint32_t>(8 * (random() % 16));
            case 3: return static_cast<std::uint32_t>(random());
            default: return 0U;
        }
    };
    constexpr std::size_t last = limits::lanes_per_session_max - 1;
    for (int broker = 0; broker < 3; ++broker) {
        std::vector<std::unique_ptr<HostileSession>> sessions;
        for (int i = 0; i < 40; ++i) {
            sessions.push_back(std::make_unique<HostileSession>(grid_->name()));
            ASSERT_TRUE(sessions.back()->is_attached());
        }
        serve();
        grid_->kill_broker();
        for (std::size_t i = 0; i < sessions.size(); ++i) {
            sessions[i]->memory().control().lanes_open = limits::lanes_per_session_max;
            shm::LaneControl& lane = sessions[i]->memory().lane(last);
            const std::uint32_t replies =
                i == 0 ? shm::reply_ring_bytes - 4 : word(shm::reply_ring_bytes);
            lane.client_reply.reply_head = replies;
            lane.broker_reply.store(random() % 2 == 0 ? replies : word(shm::reply_ring_bytes), 0);
            const std::uint32_t requests = word(shm::request_ring_bytes);
            lane.broker.request_head = requests;
            lane.client.request_tail = random() % 2 == 0 ? requests : word(shm::request_ring_bytes);
        }
        grid_->start();
        for (const auto& session : sessions) {
            RawClient next(grid_->name());
            shm::Hello hello = RawClient::hello();
            hello.boot_id = session->client().welcome.boot_id;
            hello.session = session->client().welcome.session;
            hello.session_index = session->client().welcome.session_index;
            const int descriptors[] = {session->client().memory_descriptor.get()};
            ASSERT_TRUE(next.send_with(&hello, sizeof hello, descriptors));
            const auto answer = next.receive<shm::Welcome>(patience);
            ASSERT_TRUE(answer) << "the broker has died";
            if (answer->error != 0) {
                EXPECT_EQ(static_cast<Errc>(answer->error), Errc::session_closed);
            }
        }
        serve();
    }
}

TEST_F(HostileLimits, FramesWithoutABeginningEndTheirSession) {
    for (const std::uint32_t flags : {shm::FrameHeader::continued, shm::FrameHeader::known_flags}) {
        std::vector<std::unique_ptr<HostileSession>> sessions;
        for (int i = 0; i < 8; ++i) {
            sessions.push_back(std::make_unique<HostileSession>(grid_->name()));
            ASSERT_TRUE(sessions.back()->is_attached());
            const shm::SessionMemoryView memory = sessions.back()->memory();
            const shm::FrameHeader header{0, flags};
            for (std::size_t lane = 0; lane < limits::lanes_per_session_max; ++lane) {
                for (std::size_t at = 0; at < shm::request_ring_bytes; at += sizeof header) {
                    std::memcpy(memory.request_ring(lane) + at, &header, sizeof header);
                }
                memory.lane(lane).client.request_tail = shm::request_ring_bytes;
            }
            sessions.back()->open_all_lanes();
        }
        for (const auto& session : sessions) {
            serve();
            const auto goodbye = session->client().receive<shm::Goodbye>(patience);
            ASSERT_TRUE(goodbye);
            EXPECT_THAT(goodbye->detail.data(), ::testing::HasSubstr("continuation frame"));
        }
    }
}

TEST_F(HostileLimits, DeclarationsThatChangeAllTheTimeLeaveNoWorkBehind) {
    auto listener = honest_->listen("hostile/**");
    ASSERT_TRUE(listener) << listener.error().text();
    Pipeline pipeline = honest_->pipeline().value();
    for (int i = 0; i < 20'000; ++i) pipeline.put("hostile/" + std::to_string(i), "1").value();
    pipeline.flush().value();
    Child hostile([&] {
        become_stranger();
        HostileSession session(grid_->name());
        ASSERT_TRUE(session.is_attached());
        session.open_all_lanes();
        const shm::SessionMemoryView memory = session.memory();
        memory.control().declarations_used = limits::declarations_per_session_max;
        for (int round = 0; round < 2000; ++round) {
            for (std::size_t i = 0; i < limits::declarations_per_session_max; ++i) {
                const std::string text = "**/" + std::to_string(i) + 'x' + std::to_string(round);
                memory.declaration(i).declare(shm::DeclarationKind::watch, 0, text);
            }
            ++memory.control().declarations_changed;
            session.client().ring();
        }
    });
    serve_beside(hostile);
    // When no search is left, the engine sleeps.
    segment_.emplace(shm::Segment::open(grid_->name()).value());
    EXPECT_TRUE(eventually([&] { return segment_->header().broker.asleep.load() == 1; }, patience));
    EXPECT_LT(most_memory_, memory_before_ + (64U << 20));
}

/// Pins at old revisions make the broker remember every replaced block.
TEST_F(HostileLimits, PinsAtOldRevisionsStayWithinTheBrokersMemory) {
    segment_.emplace(shm::Segment::open(grid_->name()).value());
    Child hostile([&] {
        become_stranger();
        std::vector<std::unique_ptr<HostileSession>> sessions;
        const auto segment = shm::Segment::open(grid_->name()).value();
        const auto& published = segment.header().commit.published;
        const Revision first = published.load();
        while (published.load() < first + 10'000) {
            sessions.push_back(std::make_unique<HostileSession>(grid_->name()));
            if (!sessions.back()->is_attached() || sessions.size() > 200) sessions.clear();
            if (sessions.empty()) continue;
            const shm::SessionMemoryView memory = sessions.back()->memory();
            for (std::size_t i = 0; i < limits::pins_per_session_max; ++i) {
                memory.pin(i).lease_ms = limits::pin_lease_ms_max;
                memory.pin(i).pin = published.load() + 1;
            }
            memory.control().pins_used = limits::pins_per_session_max;
        }
    });
    serve_beside(hostile);
    EXPECT_LT(most_memory_, memory_before_ + (128U << 20));
    EXPECT_TRUE(eventually([&] { return counters().session_bytes < (1U << 20); }, patience));
    EXPECT_GT(counters().limit(shm::LimitKind::bookkeeping_memory).value, 0U);
}

TEST_F(HostileLimits, CancelledCallsLeaveNothingInTheBrokersMemory) {
    segment_.emplace(shm::Segment::open(grid_->name()).value());
    auto provider = honest_->provide("hostile/service");
    ASSERT_TRUE(provider) << provider.error().text();
    ASSERT_TRUE(eventually([&] { return counters().providers == 1; }, patience));
    Child hostile([&] {
        become_stranger();
        HostileSession session(grid_->name());
        ASSERT_TRUE(session.is_attached());
        LaneClient lane(session.memory(), 0);
        session.memory().control().lanes_open = 1;
        const auto send = [&](const shm::RequestWriter::Message& message) {
            const std::uint64_t number = ++lane.number;
            while (!lane.send_bytes(lane.writer.message(number, message))) {
                session.client().ring();
                while (lane.take_message()) {
                }
                usleep(10);
            }
        };
        const Bytes document = document_from_json("1").value();
        for (int i = 0; i < 100'000; ++i) {
            send({.kind = wire::MessageKind::call,
                  .name = "hostile/service",
                  .document = document,
                  .timeout_ms = limits::call_ms_max});
            send({.kind = wire::MessageKind::cancel, .id = lane.number});
        }
        session.client().ring();
    });
    serve_beside(hostile);
    EXPECT_TRUE(eventually([&] { return counters().calls > 1000; }, patience));
    EXPECT_LT(most_memory_, memory_before_ + (16U << 20));
}

TEST_F(HostileLimits, UnfinishedMessagesOfManySessionsStayWithinTheBrokersMemory) {
    segment_.emplace(shm::Segment::open(grid_->name()).value());
    Child hostile([&] {
        become_stranger();
        const Bytes document = document_from_json('"' + std::string(100'000, 'x') + '"').value();
        shm::RequestWriter writer;
        writer.put("hostile/1", document, {});
        const ByteView message = writer.finish(1);
        std::vector<std::unique_ptr<HostileSession>> sessions;
        for (int i = 0; i < 12; ++i) {
            auto session = std::make_unique<HostileSession>(grid_->name());
            if (!session->is_attached()) break;
            session->open_all_lanes();
            sessions.push_back(std::move(session));
        }
        ASSERT_GE(sessions.size(), 4U);
        std::size_t pushed = 0;
        // Far more than all of them together are allowed to have at a time.
        for (int idle = 0; pushed < (1U << 30) && idle < 20'000;) {
            const std::size_t before = pushed;
            for (const auto& session : sessions) {
                for (std::size_t lane = 0; lane < limits::lanes_per_session_max; ++lane) {
                    pushed += session->push_without_end(lane, message);
                }
                session->client().ring();
            }
            idle = pushed == before ? idle + 1 : 0;
            if (idle > 0) usleep(100);
        }
    });
    serve_beside(hostile);
#ifdef RINGSIDE_ADDRESS_SANITIZER
    // Padding, and freed memory that the sanitizer keeps.
    constexpr std::uint64_t sanitizer_bytes = 384U << 20;
#else
    constexpr std::uint64_t sanitizer_bytes = 0;
#endif
    EXPECT_LT(most_memory_, (256U << 20) + sanitizer_bytes);
    EXPECT_GT(counters().memory_refusals + counters().memory_closures, 0U);
    EXPECT_TRUE(eventually([&] { return counters().session_bytes < (1U << 20); }, patience));
    serve();
}

}  // namespace
}  // namespace ringside
