#include <gtest/gtest.h>

#include <random>

#include "broker/session/decode.hpp"
#include "tests/shm/document_support.hpp"
#include "tests/support/engine_harness.hpp"

/// The broker's memory for sessions is bounded, and no session pays for the memory of another one.
namespace ringside::broker {
namespace {

using test::document;
using testing::Answer;
using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

constexpr std::size_t mib = 1U << 20;
constexpr std::uint32_t hostile_user = 7;

/// A message that is sent into a lane, one frame at a time.
class Sender {
public:
    Sender(const SessionClient& client, std::size_t lane)
        : ring_(client.memory.request_ring(lane), shm::request_ring_bytes,
                client.memory.lane(lane).client.request_tail,
                client.memory.lane(lane).broker.request_head) {}

    /// Pushes as many bytes as fit. `is_end`: no frame follows these bytes.
    std::size_t push(ByteView bytes, bool is_end) {
        std::size_t pushed = 0;
        while (pushed < bytes.size()) {
            const std::size_t size = std::min<std::size_t>(
                shm::frame_bytes_max(shm::request_ring_bytes), bytes.size() - pushed);
            const bool is_last = is_end && pushed + size == bytes.size();
            if (!ring_.push(bytes.subspan(pushed, size), !is_last)) break;
            pushed += size;
        }
        ring_.flush();
        return pushed;
    }

    /// Sends a whole message, with turns in between.
    void send(EngineHarness& harness, ByteView message) {
        while (!message.empty()) {
            message = message.subspan(push(message, true));
            harness.turn();
        }
        harness.settle();
    }

private:
    shm::ByteRingProducer ring_;
};

class BrokerMemory : public ::testing::Test {
protected:
    static constexpr std::size_t total = 16 * mib;
    EngineHarness harness_{{.memory_bytes = 64ULL << 20, .ring_entries = 4096}, total};
    SessionClient honest_ = harness_.open();
    LaneClient& honest_lane_ = honest_.open_lane();
    Sender honest_sender_{honest_, 0};

    std::uint64_t session_bytes() {
        harness_.engine.housekeep(harness_.now_ns);
        return harness_.segment.header().counters.session_bytes;
    }

    /// Returns a request of about this many bytes, as puts of 64 KiB.
    static Bytes request_of(std::size_t bytes, std::uint64_t number) {
        shm::RequestWriter writer;
        const Bytes value = document('"' + std::string(64U << 10, 'x') + '"');
        for (std::size_t i = 0; writer.bytes() < bytes; ++i) {
            writer.put("big/" + std::to_string(i), value, {});
        }
        const ByteView message = writer.finish(number);
        return {message.begin(), message.end()};
    }

    /// Sends, from a hostile session, messages that never end in each lane.
    void send_without_end(std::size_t lanes, std::size_t bytes_per_lane, std::uint32_t user) {
        SessionClient client = harness_.open({shm::Role::writer, {}}, "hostile", user);
        const Bytes message = request_of(bytes_per_lane + mib, 1);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            client.open_lane();
            Sender sender(client, lane);
            ByteView left = ByteView(message).first(bytes_per_lane);
            for (int turns = 0; turns < 1000 && !left.empty(); ++turns) {
                left = left.subspan(sender.push(left, false));
                harness_.turn();
                if (!harness_.outbox.ended.empty()) return;
            }
        }
    }

    void expect_service(std::size_t bytes) {
        const Bytes message = request_of(bytes, ++honest_lane_.number);
        honest_sender_.send(harness_, message);
        const auto answer = honest_lane_.take();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->error, Errc::ok) << answer->detail;
    }
};

TEST_F(BrokerMemory, UnfinishedMessagesOfAllSessionsStayWithinTheLimit) {
    for (std::uint32_t session = 0; session < 24; ++session) {
        send_without_end(1, 2 * mib, hostile_user + session % 3);
        EXPECT_LE(session_bytes(), total);
    }
    EXPECT_GT(harness_.segment.header().counters.memory_refusals, 0U);
    expect_service(2 * mib);
}

TEST_F(BrokerMemory, UnfinishedMessagesInManyLanesCountForTheirSession) {
    for (int session = 0; session < 4; ++session) {
        send_without_end(limits::lanes_per_session_max, mib - mib / 8, hostile_user);
        EXPECT_LE(session_bytes(), total);
    }
    expect_service(2 * mib);
}

TEST_F(BrokerMemory, HonestMessageIsTakenWhileAnotherUserIsAtItsLimit) {
    send_without_end(1, 8 * mib, hostile_user);
    send_without_end(1, 3 * mib, hostile_user + 1);
    const auto& counters = harness_.segment.header().counters;
    harness_.engine.housekeep(harness_.now_ns);
    const std::uint64_t refusals = counters.memory_refusals;
    expect_service(6 * mib);
    harness_.engine.housekeep(harness_.now_ns);
    EXPECT_EQ(counters.memory_refusals, refusals + 1) << "the heaviest one had to give way";
}

TEST_F(BrokerMemory, MessageBeyondTheLimitOfItsSessionIsRefusedInItsTurn) {
    SessionClient client = harness_.open();
    LaneClient& lane = client.open_lane();
    Sender sender(client, 0);
    sender.send(harness_, request_of(14 * mib, 1));
    const auto refused = lane.take();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->number, 1U);
    EXPECT_EQ(refused->error, Errc::session_memory_limit);
    EXPECT_FALSE(harness_.get("big/0"));
    EXPECT_LT(session_bytes(), mib);
    sender.send(harness_, request_of(mib, 2));
    EXPECT_EQ(lane.take()->error, Errc::ok) << "the session lives";
}

TEST_F(BrokerMemory, RoleThatCannotWriteIsRefusedAtTheFirstFrame) {
    SessionClient reader = harness_.open({shm::Role::reader, {}});
    LaneClient& lane = reader.open_lane();
    const Bytes message = request_of(2 * mib, 5);
    const std::uint64_t before = session_bytes();
    Sender sender(reader, 0);
    ByteView left = message;
    while (left.size() > mib) {
        left = left.subspan(sender.push(left, true));
        harness_.turn();
        EXPECT_LT(session_bytes(), before + (64U << 10));
        EXPECT_FALSE(lane.take()) << "before its last frame is there";
    }
    while (!left.empty()) {
        left = left.subspan(sender.push(left, true));
        harness_.settle();
    }
    const auto refused = lane.take();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->number, 5U);
    EXPECT_EQ(refused->error, Errc::permission_denied);
}

TEST_F(BrokerMemory, DeclarationsOfManySessionsCloseTheirOwnUsersSessions) {
    std::size_t closed = 0;
    const std::string pattern = "hostile/" + std::string(1000, 'x');
    for (int session = 0; session < 40; ++session) {
        SessionClient client = harness_.open({shm::Role::provider, {}}, "hostile", hostile_user);
        client.open_lane();
        for (std::size_t i = 0; i < limits::declarations_per_session_max; ++i) {
            const std::string text = pattern + std::to_string(i);
            client.memory.declaration(i).declare(shm::DeclarationKind::watch, 0, text);
        }
        client.memory.control().declarations_used = limits::declarations_per_session_max;
        ++client.memory.control().declarations_changed;
        for (int turns = 0; turns < 100; ++turns) {
            harness_.turn();
            for (const EndedSession& ended : harness_.outbox.ended) {
                EXPECT_EQ(ended.session->peer().credentials.uid, hostile_user);
                EXPECT_EQ(ended.reason.code, Errc::user_memory_limit);
                ++closed;
            }
        }
        EXPECT_LE(session_bytes(), total);
    }
    EXPECT_GT(closed, 10U);
    expect_service(mib);
}

TEST_F(BrokerMemory, PinsOfManySessionsCloseTheirOwnUsersSessions) {
    constexpr std::size_t pins = limits::pins_per_session_max;
    const auto& counters = harness_.segment.header().counters;
    std::size_t most = 0;
    for (int session = 0; session < 400 && counters.memory_closures < 20; ++session) {
        const SessionClient client =
            harness_.open({shm::Role::reader, {}}, "hostile", hostile_user);
        for (std::size_t i = 0; i < pins; ++i) {
            client.memory.pin(i).pin = harness_.published() + 1;
            client.memory.pin(i).lease_ms = limits::pin_lease_ms_max;
        }
        client.memory.control().pins_used = pins;
        expect_service(1);
        harness_.engine.grid().compact();  // reads all pins
        most = std::max(most, session_bytes());
        harness_.turn();
    }
    EXPECT_GE(counters.memory_closures, 20U);
    EXPECT_LE(most, total);
    expect_service(mib);  // the honest session was not closed
}

TEST_F(BrokerMemory, TableOfDeclarationsIsOnTheAccountEvenIfAllAreEmpty) {
    SessionClient client = harness_.open();
    harness_.settle();
    const std::uint64_t before = session_bytes();
    client.memory.control().declarations_used = limits::declarations_per_session_max;
    ++client.memory.control().declarations_changed;
    harness_.settle();
    EXPECT_GE(session_bytes(),
              before + limits::declarations_per_session_max * sizeof(shm::Declaration::Content));
}

TEST_F(BrokerMemory, SubjectsAreOnTheAccountOfTheListenerThatIsAskedForThem) {
    constexpr std::size_t names = 100;
    const auto declare = [&](const SessionClient& client, std::uint32_t place,
                             shm::DeclarationKind kind, const std::string& text) {
        client.memory.declaration(place).declare(kind, 0, text);
        client.memory.control().declarations_used =
            std::max<std::uint32_t>(place + 1, client.memory.control().declarations_used);
        ++client.memory.control().declarations_changed;
    };
    const auto settle = [&] {
        for (int turns = 0; turns < 200; ++turns) {
            harness_.now_ns += 1'000'000;
            harness_.turn();
        }
    };
    SessionClient watcher = harness_.open();
    watcher.open_lane();
    for (std::uint32_t i = 0; i < names; ++i) {
        declare(watcher, i, shm::DeclarationKind::watch,
                "a/" + std::string(800, 'x') + std::to_string(i));
    }
    SessionClient listener = harness_.open();
    listener.open_lane();
    settle();
    const std::uint64_t before = session_bytes();
    declare(listener, 0, shm::DeclarationKind::listen, "a/*");
    settle();
    const std::uint64_t asked = session_bytes();
    EXPECT_GT(asked, before + names * 512);
    const auto& counters = harness_.segment.header().counters;
    EXPECT_EQ(counters.limit(shm::LimitKind::subjects).in_use, names);
    declare(listener, 0, shm::DeclarationKind::none, {});
    settle();
    EXPECT_LT(session_bytes(), before + names * 512) << "given back";
}

TEST_F(BrokerMemory, LimitsAreShownWithTheirUseAndTheirRefusals) {
    using shm::LimitKind;
    const auto& counters = harness_.segment.header().counters;
    const auto housekeep = [&] {
        for (std::uint64_t i = 0; i < Engine::housekeepings_per_limits; ++i) {
            harness_.engine.housekeep(harness_.now_ns);
        }
    };
    send_without_end(1, 8 * mib, hostile_user);
    housekeep();
    EXPECT_EQ(counters.limit(LimitKind::sessions_memory).value, total);
    EXPECT_EQ(counters.limit(LimitKind::user_memory).value, total / 4 * 3);
    EXPECT_GT(counters.limit(LimitKind::user_memory).in_use, 8 * mib);
    EXPECT_GT(counters.limit(LimitKind::session_memory).in_use, 8 * mib);
    EXPECT_LE(counters.limit(LimitKind::session_memory).in_use,
              counters.limit(LimitKind::user_memory).in_use);
    EXPECT_LE(counters.limit(LimitKind::user_memory).in_use,
              counters.limit(LimitKind::sessions_memory).in_use);
    EXPECT_EQ(counters.limit(LimitKind::user_memory).refused, 0U);
    send_without_end(1, 8 * mib, hostile_user);
    housekeep();
    EXPECT_GT(counters.limit(LimitKind::user_memory).refused, 0U);
    EXPECT_EQ(counters.limit(LimitKind::sessions_memory).refused, 0U);
}

TEST_F(BrokerMemory, NothingIsLeftOnTheAccountsWhenTheSessionsAreGone) {
    harness_.settle();
    const std::uint64_t before = session_bytes();
    SessionClient client = harness_.open();
    client.open_lane();
    Sender(client, 0).push(request_of(mib, 1), false);
    harness_.settle();
    EXPECT_GT(session_bytes(), before);
    static_cast<void>(harness_.engine.close(client.id));
    EXPECT_EQ(session_bytes(), before);
}

TEST(NumberOfPart, IsThatOfTheRequestThatBegins) {
    shm::RequestWriter writer;
    const Bytes value = document('"' + std::string(200'000, 'x') + '"');
    for (const bool is_durable : {false, true}) {
        writer.put("a", value, {.condition = wire::ConditionKind::version, .expected = 3});
        writer.put("b", value, {});
        const ByteView message = writer.finish(77, is_durable);
        EXPECT_EQ(number_of_part(message.first(shm::frame_bytes_max(shm::request_ring_bytes))),
                  77U);
    }
    const ByteView call =
        writer.message(78, {.kind = wire::MessageKind::call, .name = "a", .document = value});
    EXPECT_EQ(number_of_part(call.first(shm::frame_bytes_max(shm::request_ring_bytes))), 78U);
}

TEST(NumberOfPart, IsLookedForWithinTheBytesOnly) {
    std::mt19937 random(3);
    for (int round = 0; round < 100'000; ++round) {
        Bytes bytes(random() % 40);
        for (Byte& byte : bytes) byte = static_cast<Byte>(random() % 3 == 0 ? random() : 4);
        static_cast<void>(number_of_part(bytes));
    }
    EXPECT_FALSE(number_of_part({}));
}

}  // namespace
}  // namespace ringside::broker
