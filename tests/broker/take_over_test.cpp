#include <gtest/gtest.h>

#include <random>

#include "broker/engine/survey.hpp"
#include "tests/support/engine_harness.hpp"

/// How an engine takes over the sessions of a dead engine. The death is placed exactly between two
/// steps, by restoring earlier values of the broker's words in a lane.
namespace ringside::broker {
namespace {

using testing::Answer;
using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

/// The engine of the next broker.
class Successor {
public:
    explicit Successor(EngineHarness& harness, bool has_store = false)
        : harness_(&harness),
          engine(harness.segment.view(),
                 {.commit_memory = [](Offset, std::uint64_t) { return true; },
                  .heavy_fence = [] {},
                  .collect_pins = {}},
                 {}, durability) {
        Survey survey(harness.segment.view());
        survey.run().value();
        if (has_store) durability.kept_from = 0;
        engine.take_over(std::move(survey), harness.now_ns).value();
    }

    /// Gives the client's memory back, here as a second mapping of it.
    bool resume(const SessionClient& client) {
        auto memory = SessionMemory::create().value();
        std::memcpy(memory.view().base(), client.memory.base(), shm::session_memory_bytes);
        view = memory.view();
        auto refused = engine.resume(Session::of_former_broker(
            client.id, client.id - 1, std::move(memory),
            Peer{{1000 + client.id, 1, 1, {}}, {shm::Role::admin, {}}, "test"}));
        if (refused) reason = refused->reason;
        return !refused;
    }

    std::vector<Answer> turn_and_take(std::size_t lane = 0) {
        harness_->now_ns += 1000;
        outbox.clear();
        while (engine.turn(harness_->now_ns, outbox) || engine.has_work()) {
        }
        LaneClient client(view, lane);
        client.adopt();
        return client.take_all();
    }

    EngineHarness* harness_;
    Durability durability;
    Engine engine;
    Outbox outbox;
    shm::SessionMemoryView view;
    Error reason;
};

/// The broker's words of a lane, to simulate a death before the broker stored them.
struct BrokerWords {
    explicit BrokerWords(const shm::LaneControl& control)
        : request_head(control.broker.request_head.load()),
          reply_tail(control.broker_reply.reply_tail.load()),
          answered(control.broker_reply.answered.load()) {}
    void put_back(shm::LaneControl& control) const {
        control.broker.request_head.store(request_head);
        control.broker_reply.store(reply_tail, answered);
    }
    std::uint32_t request_head;
    std::uint32_t reply_tail;
    std::uint32_t answered;
};

class TakeOver : public ::testing::Test {
protected:
    EngineHarness first_;
    SessionClient client_ = first_.open();
    LaneClient& lane_ = client_.open_lane();

    void put(std::string_view name, std::string_view json, const shm::CommandTerms& terms = {}) {
        ASSERT_TRUE(lane_.put(name, json, terms));
        lane_.control().client.sent.store(lane_.number);
    }
};

TEST_F(TakeOver, AppliedRequestIsAnsweredAndNotAppliedAgain) {
    put("a", "1");
    first_.settle();
    ASSERT_EQ(lane_.take_all().size(), 1U);
    const BrokerWords before(lane_.control());
    put("a", "2");
    put("b", "3");
    first_.settle();
    before.put_back(lane_.control());

    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].number, 2U);
    EXPECT_EQ(answers[0].error, Errc::ok);
    EXPECT_EQ(answers[0].revision, first_.opened_at + 2);
    EXPECT_EQ(answers[0].versions, std::vector<Version>{2});
    EXPECT_EQ(answers[1].revision, first_.opened_at + 3);
    EXPECT_EQ(answers[1].versions, std::vector<Version>{1});
    EXPECT_EQ(first_.get("a"), "2");
    EXPECT_EQ(first_.published(), first_.opened_at + 4)
        << "the revision of the take-over, and none after it";
}

TEST_F(TakeOver, AnsweredRequestIsNotStartedAgain) {
    put("a", "1");
    put("a", "2",
        {.condition = wire::ConditionKind::absent});  // refused now, and must not be applied later
    first_.settle();
    lane_.control().broker.request_head.store(0);  // the broker had not released the requests
    put("a", "3");

    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 3U) << "two of the first broker, one of the second";
    EXPECT_EQ(answers[1].error, Errc::condition_failed);
    EXPECT_EQ(answers[2].number, 3U);
    EXPECT_EQ(answers[2].versions, std::vector<Version>{2});
}

TEST_F(TakeOver, RequestThatWasNotStartedIsCarriedOut) {
    put("a", "1");
    first_.settle();
    put("a", "2");
    put("a", "3");
    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[2].versions, std::vector<Version>{3});
    EXPECT_EQ(first_.get("a"), "3");
}

TEST_F(TakeOver, RequestReleasedFromTheRingIsNotAppliedAgain) {
    put("a", "1");
    first_.settle();
    ASSERT_EQ(lane_.take_all().size(), 1U);
    const BrokerWords before(lane_.control());
    LaneClient& other = client_.open_lane();
    put("a", "2");
    // In the same turn another lane discards all changes. Then the broker dies.
    other.writer.compact();
    ASSERT_TRUE(other.send());
    other.control().client.sent.store(other.number);
    first_.turn();
    before.put_back(lane_.control());
    ASSERT_EQ(first_.segment.header().tail.tail.load(), first_.segment.header().commit.head.load());

    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].number, 2U);
    EXPECT_EQ(answers[0].error, Errc::connection_lost) << "nobody can know";
    const shm::RecordTableReader table(first_.segment.view());
    EXPECT_EQ(table.find("a", table.hash("a"))->version, 2U) << "it was applied twice";
}

TEST_F(TakeOver, RefusedRequestWithoutAReplyIsNotAppliedOutOfOrder) {
    put("a", "1");
    first_.settle();
    const BrokerWords before(lane_.control());
    put("a", "2", {.condition = wire::ConditionKind::version, .expected = 7});
    put("a", "3");
    first_.settle();
    before.put_back(lane_.control());
    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[1].number, 2U);
    EXPECT_EQ(answers[1].error, Errc::not_applied);
    EXPECT_EQ(answers[2].number, 3U);
    EXPECT_EQ(answers[2].versions, std::vector<Version>{2});
    EXPECT_EQ(first_.get("a"), "3");
}

/// The requests are gone from the lane, and their answers were deferred until the disk had them.
TEST_F(TakeOver, DeferredReplyIsAnsweredFromTheRing) {
    const BrokerWords before(lane_.control());
    put("a", "1");
    put("nothing", "1", {.condition = wire::ConditionKind::version, .expected = 7});
    lane_.writer.put("x", document_from_json("1").value(), {});
    lane_.writer.put("y", document_from_json("2").value(), {});
    ASSERT_TRUE(lane_.send());
    lane_.control().client.sent.store(lane_.number);
    first_.settle();
    const std::uint32_t head = lane_.control().broker.request_head.load();
    before.put_back(lane_.control());
    lane_.control().broker.request_head.store(head);

    Successor next(first_, true);
    ASSERT_TRUE(next.resume(client_));
    EXPECT_TRUE(next.turn_and_take().empty()) << "nothing is on disk yet";
    EXPECT_GE(next.durability.wanted.load(), 2U);
    next.durability.durable = next.durability.wanted.load();
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].revision, first_.opened_at + 1);
    EXPECT_EQ(answers[1].error, Errc::not_applied);
    EXPECT_EQ(answers[2].revision, first_.opened_at + 2);
    EXPECT_EQ(answers[2].versions, (std::vector<Version>{1, 1}));
}

/// A reply sent before earlier doubts are resolved would leave those requests unanswered.
TEST_F(TakeOver, RequestThatCannotBeDecodedIsAnsweredBehindTheDoubtsInFrontOfIt) {
    const BrokerWords before(lane_.control());
    put("a", "1");
    put("b", "2");
    first_.settle();
    const std::uint32_t head = lane_.control().broker.request_head.load();
    before.put_back(lane_.control());
    lane_.control().broker.request_head.store(head);
    put("bad//name", "3");
    put("c", "4");

    Successor next(first_, true);
    ASSERT_TRUE(next.resume(client_));
    EXPECT_TRUE(next.turn_and_take().empty()) << "the first two wait for the disk";
    next.durability.durable = next.durability.wanted.load();
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 4U);
    for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].number, i + 1);
    EXPECT_EQ(answers[0].error, Errc::ok);
    EXPECT_EQ(answers[1].error, Errc::ok);
    EXPECT_EQ(answers[2].error, Errc::bad_name);
    EXPECT_EQ(answers[3].error, Errc::ok);
}

/// The same if the former broker also had the invalid request, and a valid one behind it is
/// recorded as applied in the ring.
TEST_F(TakeOver, RequestThatCannotBeDecodedAndHadItsTurnIsAnsweredOnce) {
    put("a", "1");
    first_.settle();
    ASSERT_EQ(lane_.take_all().size(), 1U);
    const BrokerWords before(lane_.control());
    put("b", "2");
    put("bad//name", "3");
    put("c", "4");
    first_.settle();
    before.put_back(lane_.control());

    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].number, 2U);
    EXPECT_EQ(answers[0].error, Errc::ok);
    EXPECT_EQ(answers[1].number, 3U);
    EXPECT_EQ(answers[1].error, Errc::not_applied);
    EXPECT_EQ(answers[2].number, 4U);
    EXPECT_EQ(answers[2].error, Errc::ok);
}

/// The ring does not reach back to a request that is gone, so its outcome is unknown.
TEST_F(TakeOver, RequestUnknownToTheRingStaysInDoubt) {
    put("a", "1");
    first_.settle();
    const std::uint32_t head = lane_.control().broker.request_head.load();
    SessionClient other = first_.open();
    LaneClient& others = other.open_lane();
    others.writer.compact();
    ASSERT_TRUE(others.send());
    first_.settle();
    lane_.control().broker_reply.store(0, 0);
    lane_.control().broker.request_head.store(head);
    Successor next(first_);
    ASSERT_TRUE(next.resume(client_));
    const auto answers = next.turn_and_take();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error, Errc::connection_lost);
}

TEST_F(TakeOver, MemoryIsNotReusedUntilEverySessionIsResumedOrAbandoned) {
    put("a", "1");
    put("a", "2");
    first_.settle();
    SessionClient other = first_.open();
    first_.settle();
    Successor next(first_);
    EXPECT_EQ(next.engine.absent().size(), 2U);
    ASSERT_TRUE(next.resume(client_));
    const auto lives = [](std::uint32_t) { return true; };
    next.engine.review_absent(first_.now_ns, lives, next.outbox);
    EXPECT_EQ(next.engine.absent().size(), 1U);
    LaneClient lane(next.view, 0);
    lane.adopt();
    lane.number = 2;
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(lane.put("a", std::to_string(i)));
        next.turn_and_take();
        next.engine.housekeep(first_.now_ns);
    }
    const shm::Counters& counters = first_.segment.header().counters;
    const std::uint64_t kept = counters.retired_blocks.load();
    EXPECT_GT(next.engine.grid().bytes_in_quarantine(), 0U);
    // The lease has expired.
    const std::uint64_t later = first_.now_ns + limits::pin_lease_ms_default * 1'000'001;
    next.engine.review_absent(later, lives, next.outbox);
    EXPECT_TRUE(next.engine.absent().empty());
    EXPECT_EQ(next.outbox.freed_indices, std::vector<std::uint32_t>{1});
    const shm::SessionEntry& entry = first_.segment.view().session(1);
    EXPECT_EQ(entry.id.load(), 0U);
    EXPECT_GT(entry.revoked_below.load(), first_.published());
    next.engine.housekeep(later);
    EXPECT_EQ(next.engine.grid().bytes_in_quarantine(), 0U);
    EXPECT_LE(counters.retired_blocks.load(), kept);
    EXPECT_FALSE(next.resume(other)) << "it comes too late";
    EXPECT_EQ(next.reason.code, Errc::connection_lost);
}

TEST_F(TakeOver, SessionOfADeadProcessIsAbandonedAtOnce) {
    Successor next(first_);
    next.engine.review_absent(
        first_.now_ns, [](std::uint32_t) { return false; }, next.outbox);
    EXPECT_TRUE(next.engine.absent().empty());
}

TEST_F(TakeOver, InvalidLanesAreRefused) {
    put("a", "1");
    first_.settle();
    lane_.control().client.sent.store(10'000'000);
    Successor next(first_);
    EXPECT_FALSE(next.resume(client_));
    EXPECT_EQ(next.reason.code, Errc::session_closed);
    EXPECT_EQ(next.engine.absent().size(), 1U) << "what its pins protect is kept for its lease";
}

/// Between two brokers the client alone had access to the memory. It may have written any word, in
/// any lane, even in lanes that no broker has seen.
TEST_F(TakeOver, ImpossibleRingIndicesAreRefused) {
    put("a", "1");
    first_.settle();
    struct Words {
        std::uint32_t request_head, request_tail, reply_head, reply_tail;
    };
    const auto request_ring = static_cast<std::uint32_t>(shm::request_ring_bytes);
    const auto reply_ring = static_cast<std::uint32_t>(shm::reply_ring_bytes);
    const Words impossible[] = {
        {0, 0, reply_ring - 4, reply_ring - 4},      // a header across the end of the ring
        {0, 0, 0, 4},                                // inside a frame
        {0, 0, 8, 0},                                // taken before it was written
        {0, 0, 0, reply_ring + 8},                   // more than the ring holds
        {request_ring - 4, request_ring - 4, 0, 0},  // the same for requests
        {0, 12, 0, 0},
        {8, 0, 0, 0},
        {0, request_ring + 8, 0, 0},
    };
    constexpr std::size_t last = limits::lanes_per_session_max - 1;
    client_.memory.control().lanes_open = limits::lanes_per_session_max;
    shm::LaneControl& lane = client_.memory.lane(last);
    for (const Words& words : impossible) {
        lane.broker.request_head = words.request_head;
        lane.client.request_tail = words.request_tail;
        lane.client_reply.reply_head = words.reply_head;
        lane.broker_reply.store(words.reply_tail, 0);
        Successor next(first_);
        EXPECT_FALSE(next.resume(client_)) << words.request_head << ' ' << words.request_tail << ' '
                                           << words.reply_head << ' ' << words.reply_tail;
        EXPECT_EQ(next.reason.code, Errc::session_closed);
    }
    lane.broker.request_head = lane.client.request_tail = 0;
    lane.client_reply.reply_head = 0;
    lane.broker_reply.store(0, 0);
    Successor next(first_);
    EXPECT_TRUE(next.resume(client_)) << "possible words are accepted in every lane";
}

/// Whatever the words are, the session is refused or served within the bounds of the lane.
TEST_F(TakeOver, RandomWordsOfAResumedLaneHarmNobody) {
    SessionClient honest = first_.open();
    LaneClient& honest_lane = honest.open_lane();
    std::mt19937 random(5);
    const auto any_word = [&random](std::uint64_t ring) {
        switch (random() % 4) {
            case 0: return static_cast<std::uint32_t>(8 * (random() % 64));
            case 1: return static_cast<std::uint32_t>(ring - random() % 64);
            case 2: return static_cast<std::uint32_t>(random());
            default: return 0U;
        }
    };
    const auto index = [&random] { return static_cast<std::uint32_t>(random()) & ~7U; };
    const auto little = [&random] { return static_cast<std::uint32_t>(8 * (random() % 64)); };
    constexpr std::size_t lanes = limits::lanes_per_session_max;
    client_.memory.control().lanes_open = lanes;
    first_.settle();
    std::size_t resumed = 0;
    std::unique_ptr<Successor> next;
    constexpr int rounds = 24;
    for (int round = 0; round < rounds; ++round) {
        shm::LaneControl& lane = client_.memory.lane(lanes - 1);
        if (round % 2 == 0) {  // possible, with arbitrary ring contents between the indices
            lane.broker.request_head = index();
            lane.client.request_tail = lane.broker.request_head + little();
            lane.client_reply.reply_head = index();
            lane.broker_reply.store(lane.client_reply.reply_head + little(), 0);
            lane.client.sent = random() % 64;
            lane.broker.begun = static_cast<std::uint32_t>(random() % 64);
        } else {
            lane.broker.request_head = any_word(shm::request_ring_bytes);
            lane.client.request_tail = any_word(shm::request_ring_bytes);
            lane.client_reply.reply_head = any_word(shm::reply_ring_bytes);
            lane.broker_reply.store(any_word(shm::reply_ring_bytes), any_word(64));
            lane.client.sent = any_word(64);
            lane.broker.begun = any_word(64);
        }
        // The last broker has ended the session, which is about to be resumed again.
        first_.segment.view().session(client_.id - 1).id.store(client_.id);
        next = std::make_unique<Successor>(first_);
        if (next->resume(client_)) ++resumed;
        for (int turns = 0; turns < 8; ++turns) next->engine.turn(first_.now_ns, next->outbox);
    }
    EXPECT_GE(resumed, rounds / 2);
    EXPECT_LT(resumed, rounds);
    ASSERT_TRUE(honest_lane.put("honest", "1"));
    honest_lane.control().client.sent = honest_lane.number;
    ASSERT_TRUE(next->resume(honest));
    EXPECT_EQ(next->turn_and_take().size(), 1U);
}

}  // namespace
}  // namespace ringside::broker
