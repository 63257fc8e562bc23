#include <gtest/gtest.h>

#include <random>

#include "broker/engine/survey.hpp"
#include "tests/shm/document_support.hpp"
#include "tests/support/engine_harness.hpp"

/// A client that writes arbitrary data to the memory it shares with the broker can lose at worst
/// its own session.
namespace ringside::broker {
namespace {

using test::document;
using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

/// Runs turns until the session is closed, and returns the reason.
std::optional<Error> reason_of_end(EngineHarness& harness, SessionId id) {
    for (int turns = 0; turns < 10'000; ++turns) {
        harness.turn();
        for (const EndedSession& ended : harness.outbox.ended) {
            if (ended.session->id() == id) return ended.reason;
        }
    }
    return std::nullopt;
}

/// An honest session that must never be affected.
struct Honest {
    explicit Honest(EngineHarness& engine)
        : harness(engine), session(harness.open()), lane(session.open_lane()) {}

    void expect_service() {
        ASSERT_TRUE(lane.put("honest", std::to_string(++writes)));
        for (int turns = 0; turns < 8; ++turns) {
            harness.turn();
            if (const auto answer = lane.take()) {
                ASSERT_EQ(answer->error, Errc::ok);
                ASSERT_EQ(answer->versions, std::vector<Version>{writes});
                ASSERT_EQ(harness.get("honest"), std::to_string(writes));
                return;
            }
        }
        FAIL() << "not served";
    }

    EngineHarness& harness;
    SessionClient session;
    LaneClient& lane;
    Version writes = 0;
};

TEST(EngineHostile, GarbageInAFrameClosesTheSession) {
    EngineHarness harness;
    Honest honest(harness);
    auto hostile = harness.open();
    LaneClient& lane = hostile.open_lane();
    ASSERT_TRUE(lane.send_bytes(Bytes(300, 0xa5)));
    EXPECT_EQ(reason_of_end(harness, hostile.id)->code, Errc::bad_request);
    EXPECT_EQ(harness.engine.sessions(), 1U);
    honest.expect_service();
}

TEST(EngineHostile, EmptyMessageClosesTheSession) {
    EngineHarness harness;
    auto hostile = harness.open();
    ASSERT_TRUE(hostile.open_lane().send_bytes({}));
    EXPECT_TRUE(reason_of_end(harness, hostile.id));
}

TEST(EngineHostile, ImpossibleIndicesCloseTheSession) {
    EngineHarness harness;
    Honest honest(harness);
    auto hostile = harness.open();
    LaneClient& lane = hostile.open_lane();
    lane.control().client.request_tail = 0xffff'fff0;
    EXPECT_TRUE(reason_of_end(harness, hostile.id));
    auto other = harness.open();
    LaneClient& lying = other.open_lane();
    ASSERT_TRUE(lying.put("a", "1"));
    lying.control().client_reply.reply_head = 0x7000'0000;
    for (int i = 0; i < 1000; ++i) static_cast<void>(lying.put("a", "1"));
    EXPECT_TRUE(reason_of_end(harness, other.id));
    honest.expect_service();
}

TEST(EngineHostile, NumbersThatDoNotCountUpCloseTheSession) {
    EngineHarness harness;
    auto hostile = harness.open();
    LaneClient& lane = hostile.open_lane();
    ASSERT_TRUE(lane.put("a", "1"));
    harness.settle();
    lane.number = 0;
    ASSERT_TRUE(lane.put("a", "2"));
    EXPECT_TRUE(reason_of_end(harness, hostile.id));
    EXPECT_EQ(harness.get("a"), "1");
}

TEST(EngineHostile, CommandsThatDoNotExistCloseTheSession) {
    const auto outcome = [](auto&& build) {
        EngineHarness harness;
        auto hostile = harness.open();
        flatbuffers::FlatBufferBuilder builder;
        build(builder);
        EXPECT_TRUE(
            hostile.open_lane().send_bytes({builder.GetBufferPointer(), builder.GetSize()}));
        return reason_of_end(harness, hostile.id);
    };
    using Builder = flatbuffers::FlatBufferBuilder;
    const auto request = [](Builder& builder, std::uint64_t number, wire::CommandKind kind,
                            wire::ConditionKind condition) {
        const auto name = builder.CreateString("a");
        const std::vector<std::uint8_t> bytes(8, 0);
        wire::CommandBuilder command(builder);
        command.add_kind(kind);
        command.add_condition(condition);
        command.add_name(name);
        const std::vector commands{command.Finish()};
        const auto list = builder.CreateVector(commands);
        builder.Finish(wire::CreateRequest(builder, number, list));
    };
    EXPECT_TRUE(outcome([&](Builder& b) {
        request(b, 1, static_cast<wire::CommandKind>(0), wire::ConditionKind::none);
    }));
    EXPECT_TRUE(outcome([&](Builder& b) {
        request(b, 1, static_cast<wire::CommandKind>(99), wire::ConditionKind::none);
    }));
    EXPECT_TRUE(outcome([&](Builder& b) {
        request(b, 1, wire::CommandKind::remove, static_cast<wire::ConditionKind>(4));
    }));
    EXPECT_TRUE(outcome(
        [&](Builder& b) { request(b, 0, wire::CommandKind::remove, wire::ConditionKind::none); }));
    EXPECT_TRUE(outcome([](Builder& b) { b.Finish(wire::CreateRequest(b, 1)); }));
}

TEST(EngineHostile, CommandsThatShareTheirBytesCloseTheSession) {
    EngineHarness harness;
    auto hostile = harness.open();
    flatbuffers::FlatBufferBuilder builder;
    const Bytes bytes = document('"' + std::string(10'000, 'x') + '"');
    builder.ForceVectorAlignment(bytes.size(), 1, 8);
    const auto shared = builder.CreateVector(bytes);
    const auto name = builder.CreateString("a");
    std::vector<flatbuffers::Offset<wire::Command>> commands;
    for (int i = 0; i < 500; ++i) {
        wire::CommandBuilder command(builder);
        command.add_kind(wire::CommandKind::put);
        command.add_name(name);
        command.add_document(shared);
        commands.push_back(command.Finish());
    }
    const auto list = builder.CreateVector(commands);
    builder.Finish(wire::CreateRequest(builder, 1, list));
    ASSERT_TRUE(hostile.open_lane().send_bytes({builder.GetBufferPointer(), builder.GetSize()}));
    EXPECT_TRUE(reason_of_end(harness, hostile.id));
    EXPECT_EQ(harness.published(), harness.opened_at);
}

TEST(EngineHostile, CountsBeyondTheirLimitsAreCut) {
    EngineHarness harness;
    Honest honest(harness);
    auto hostile = harness.open();
    LaneClient& lane = hostile.open_lane();
    hostile.memory.control().lanes_open = 0xffff'ffff;
    hostile.memory.control().pins_used = 0xffff'ffff;
    ASSERT_TRUE(lane.put("a", "1"));
    harness.settle();
    harness.engine.housekeep(harness.now_ns);
    EXPECT_TRUE(lane.take());
    EXPECT_EQ(harness.segment.view().session(1).lanes, limits::lanes_per_session_max);
    // Opened lanes stay open, whatever value the word has now.
    hostile.memory.control().lanes_open = 0;
    ASSERT_TRUE(lane.put("a", "2"));
    harness.settle();
    EXPECT_TRUE(lane.take());
    honest.expect_service();
}

TEST(EngineHostile, MessageThatNeverEndsClosesTheSession) {
    EngineHarness harness;
    Honest honest(harness);
    auto hostile = harness.open();
    hostile.open_lane();
    shm::LaneControl& control = hostile.memory.lane(0);
    shm::ByteRingProducer ring(hostile.memory.request_ring(0), shm::request_ring_bytes,
                               control.client.request_tail, control.broker.request_head);
    const Bytes piece(shm::frame_bytes_max(shm::request_ring_bytes), 0);
    bool is_closed = false;
    for (std::size_t sent = 0; !is_closed && sent < 2 * limits::message_bytes_max;) {
        if (ring.push(piece, true)) sent += piece.size();
        ring.flush();
        harness.turn();
        is_closed = !harness.outbox.ended.empty();
    }
    EXPECT_TRUE(is_closed);
    honest.expect_service();
}

/// Writes frames that no honest producer writes into the ring of a hostile client.
class FrameForger {
public:
    FrameForger(const SessionClient& client, std::size_t lane)
        : ring_(client.memory.request_ring(lane)), control_(&client.memory.lane(lane)) {}

    /// Fills the ring with frames of `size` bytes.
    void fill(std::uint32_t size, std::uint32_t flags) {
        const shm::FrameHeader header{size, flags};
        const std::uint32_t frame = shm::frame_bytes(size);
        for (std::uint32_t at = 0; at + frame <= shm::request_ring_bytes; at += frame) {
            std::memcpy(ring_ + at, &header, sizeof header);
        }
        control_->client.request_tail =
            static_cast<std::uint32_t>(shm::request_ring_bytes) / frame * frame;
    }

private:
    std::byte* ring_;
    shm::LaneControl* control_;
};

TEST(EngineHostile, FramesThatContinueNothingCloseTheSession) {
    struct Case {
        std::uint32_t size;
        std::uint32_t flags;
    };
    for (const Case& one :
         {Case{0, shm::FrameHeader::continued}, Case{0, shm::FrameHeader::known_flags},
          Case{8, shm::FrameHeader::continued}, Case{8, shm::FrameHeader::known_flags}}) {
        EngineHarness harness;
        Honest honest(harness);
        auto hostile = harness.open();
        hostile.open_lane();
        FrameForger(hostile, 0).fill(one.size, one.flags);
        const auto reason = reason_of_end(harness, hostile.id);
        ASSERT_TRUE(reason) << one.size << ' ' << one.flags;
        EXPECT_EQ(reason->code, Errc::bad_frame);
        honest.expect_service();
    }
}

/// A resumed session may have been in the middle of a message. The engine skips the rest of that
/// message, a few frames per turn.
TEST(EngineHostile, SkippedFramesCostTheirSessionItsTurn) {
    EngineHarness harness;
    auto hostile = harness.open();
    hostile.open_lane();
    harness.settle();
    Survey survey(harness.segment.view());
    survey.run().value();
    Durability durability;
    Engine next(harness.segment.view(),
                {.commit_memory = [](Offset, std::uint64_t) { return true; },
                 .heavy_fence = [] {},
                 .collect_pins = {}},
                {}, durability);
    next.take_over(std::move(survey), harness.now_ns).value();
    auto memory = SessionMemory::create().value();
    std::memcpy(memory.view().base(), hostile.memory.base(), shm::session_memory_bytes);
    const SessionClient resumed(hostile.id, memory.view());
    ASSERT_FALSE(next.resume(Session::of_former_broker(
        hostile.id, hostile.id - 1, std::move(memory),
        Peer{{1000 + hostile.id, 1, 1, {}}, {shm::Role::admin, {}}, "test"})));
    FrameForger(resumed, 0).fill(8, shm::FrameHeader::known_flags);
    Outbox outbox;
    const auto taken = [&] { return resumed.memory.lane(0).broker.request_head.load(); };
    std::uint32_t before = taken();
    std::size_t turns = 0;
    while (taken() < shm::request_ring_bytes && turns < 10'000) {
        outbox.clear();
        next.turn(harness.now_ns += 1000, outbox);
        ++turns;
        ASSERT_TRUE(outbox.ended.empty());
        ASSERT_LE(taken() - before, Engine::requests_per_lane * shm::frame_bytes(8));
        before = taken();
    }
    EXPECT_EQ(taken(), shm::request_ring_bytes);
}

TEST(EngineHostile, OneLaneOfASessionAtATimeHoldsALargeMessage) {
    EngineHarness harness;
    auto client = harness.open();
    constexpr std::size_t pieces = 40;  // 2.5 MiB
    const Bytes piece(shm::frame_bytes_max(shm::request_ring_bytes), 0);
    const auto ring_of = [&](std::size_t lane) {
        client.open_lane();
        shm::LaneControl& control = client.memory.lane(lane);
        return shm::ByteRingProducer(client.memory.request_ring(lane), shm::request_ring_bytes,
                                     control.client.request_tail, control.broker.request_head);
    };
    shm::ByteRingProducer first = ring_of(0);
    shm::ByteRingProducer second = ring_of(1);
    const auto feed = [&](shm::ByteRingProducer& ring) {
        std::size_t taken = 0;
        for (std::size_t i = 0; i < pieces; ++i) {
            if (!ring.push(piece, true)) break;
            ring.flush();
            ++taken;
            harness.settle();
        }
        return taken;
    };
    EXPECT_EQ(feed(first), pieces);
    EXPECT_LT(feed(second), pieces);
    EXPECT_FALSE(harness.engine.has_work());
}

TEST(EngineHostile, FalsePinHoldsNoMemory) {
    EngineHarness harness;
    Honest honest(harness);
    honest.expect_service();
    auto hostile = harness.open();
    LaneClient& lane = hostile.open_lane();
    hostile.memory.control().pins_used = 3;
    hostile.memory.pin(0).pin = ~0ULL;
    hostile.memory.pin(1).pin = shm::pin_word(harness.published() + 1000);
    hostile.memory.pin(1).lease_ms = ~0ULL;
    hostile.memory.pin(2).cursor = ~0ULL;
    lane.control().pin.pin = ~0ULL - 1;
    for (int i = 0; i < 10; ++i) honest.expect_service();
    honest.lane.writer.compact();
    ASSERT_TRUE(honest.lane.send());
    harness.settle();
    harness.engine.housekeep(harness.now_ns);
    EXPECT_EQ(harness.segment.header().counters.retired_blocks, 0U);
    EXPECT_EQ(harness.segment.view().session(1).lag, 0U);
}

/// Mutations of a valid message are accepted, refused or close the session. Accepted ones could
/// have been sent by an honest client.
TEST(EngineHostile, MutatedRequestsHarmNobody) {
    EngineHarness harness;
    Honest honest(harness);
    std::mt19937 random(11);
    shm::RequestWriter writer;
    std::size_t closed = 0;
    std::size_t answered = 0;
    for (int round = 0; round < 3000; ++round) {
        auto hostile = harness.open();
        LaneClient& lane = hostile.open_lane();
        writer.put("event/1", document(R"({"a":[1,2,{"b":"text"}],"c":12345678901})"),
                   {.condition = wire::ConditionKind::absent, .ttl_ms = 100'000});
        writer.set_path("event/1", "/a/0", document("17"), {});
        writer.remove("event/1", {});
        const ByteView message = writer.finish(1);
        Bytes mutated(message.begin(), message.end());
        for (std::size_t flips = 1 + random() % 4; flips > 0; --flips) {
            mutated[random() % mutated.size()] = static_cast<Byte>(random());
        }
        if (random() % 4 == 0) mutated.resize(random() % mutated.size());
        ASSERT_TRUE(lane.send_bytes(mutated));
        harness.turn();
        closed += harness.outbox.ended.size();
        answered += lane.take_all().size();
        if (harness.outbox.ended.empty()) static_cast<void>(harness.engine.close(hostile.id));
        if (round % 50 == 0) honest.expect_service();
    }
    EXPECT_GT(closed, 100U);
    EXPECT_GT(answered, 100U);
    EXPECT_EQ(closed + answered, 3000U);
}

TEST(EngineHostile, RandomWordsInTheControlsHarmNobody) {
    EngineHarness harness;
    Honest honest(harness);
    std::mt19937 random(13);
    const auto word = [&random] {
        switch (random() % 4) {
            case 0: return static_cast<std::uint32_t>(random() % 64);
            case 1: return static_cast<std::uint32_t>(shm::request_ring_bytes - random() % 64);
            default: return static_cast<std::uint32_t>(random());
        }
    };
    for (int round = 0; round < 1500; ++round) {
        auto hostile = harness.open();
        hostile.open_lane();
        hostile.open_lane();
        for (int stores = 0; stores < 6; ++stores) {
            shm::LaneControl& control = hostile.memory.lane(random() % 2);
            shm::HalfWord* words[] = {&control.client.request_tail,
                                      &control.client.reply_asleep,
                                      &hostile.memory.control().watch_masks[random() % 2],
                                      &control.client_reply.reply_head,
                                      &control.broker.request_head,
                                      &control.broker_reply.reply_tail,
                                      &hostile.memory.control().lanes_open,
                                      &hostile.memory.control().pins_used};
            *words[random() % std::size(words)] = word();
            control.pin.pin = random() % 3 == 0 ? word() : 0;
            for (std::size_t at = 0; at < 256; at += 4) {
                const std::uint32_t value = word();
                std::memcpy(hostile.memory.request_ring(random() % 2) + at, &value, sizeof value);
            }
            harness.turn();
            harness.engine.housekeep(harness.now_ns);
            if (!harness.outbox.ended.empty()) break;
        }
        static_cast<void>(harness.engine.close(hostile.id));
        honest.expect_service();
        if (HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace ringside::broker
