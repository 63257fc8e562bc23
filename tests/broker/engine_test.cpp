#include "broker/engine/engine.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "tests/shm/document_support.hpp"
#include "tests/support/engine_harness.hpp"

namespace ringside::broker {
namespace {

using shm::Role;
using shm::SleepsOn;
using test::document;
using testing::Answer;
using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

TEST(Engine, CommitIsVisibleWhenItsReplyIs) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    ASSERT_TRUE(lane.put("a", R"({"n":1})"));
    EXPECT_TRUE(harness.turn());
    const auto answer = lane.take();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, Errc::ok);
    EXPECT_EQ(answer->number, 1U);
    EXPECT_EQ(answer->revision, harness.opened_at + 1);
    EXPECT_EQ(answer->versions, std::vector<Version>{1});
    EXPECT_EQ(harness.published(), harness.opened_at + 1);
    EXPECT_EQ(harness.get("a"), R"({"n":1})");
    EXPECT_FALSE(harness.turn());
}

TEST(Engine, RequestsOfOneLaneAreAnsweredInTheirOrder) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(lane.put("a", std::to_string(i)));
    harness.settle();
    const auto answers = lane.take_all();
    ASSERT_EQ(answers.size(), 100U);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].number, i + 1);
        EXPECT_EQ(answers[i].versions, std::vector<Version>{i + 1});
    }
    EXPECT_EQ(harness.get("a"), "99");
}

TEST(Engine, RefusalNamesTheCommandAndChangesNothing) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    lane.writer.put("a", document("1"), {});
    lane.writer.put("b", document("2"), {.condition = wire::ConditionKind::version, .expected = 7});
    ASSERT_TRUE(lane.send());
    harness.settle();
    const auto answer = lane.take();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, Errc::condition_failed);
    EXPECT_EQ(answer->failed_command, 1U);
    EXPECT_FALSE(answer->detail.empty());
    EXPECT_FALSE(harness.get("a"));
    EXPECT_EQ(harness.published(), harness.opened_at);
}

TEST(Engine, BadArgumentsAreRefusedAndTheSessionContinues) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    const Bytes one = document("1");
    lane.writer.put("a//b", one, {});
    ASSERT_TRUE(lane.send());
    lane.writer.put(std::string(limits::name_bytes_max + 1, 'x'), one, {});
    ASSERT_TRUE(lane.send());
    lane.writer.set_path("a", "no-slash", one, {});
    ASSERT_TRUE(lane.send());
    lane.writer.put("a", Bytes{1, 2, 3}, {});
    ASSERT_TRUE(lane.send());
    lane.writer.put("a", {}, {});
    ASSERT_TRUE(lane.send());
    lane.writer.put("a", one, {.ttl_ms = limits::ttl_ms_max + 1});
    ASSERT_TRUE(lane.send());
    lane.writer.remove("a", {});
    ASSERT_TRUE(lane.send());
    lane.writer.put("a", one, {});
    lane.writer.compact();
    ASSERT_TRUE(lane.send());
    ASSERT_TRUE(lane.put("a", "1"));
    harness.settle();
    const auto answers = lane.take_all();
    ASSERT_EQ(answers.size(), 9U);
    const Errc expected[] = {Errc::bad_name,     Errc::name_too_long, Errc::bad_pointer,
                             Errc::bad_document, Errc::bad_document,  Errc::bad_ttl,
                             Errc::not_found,    Errc::bad_request,   Errc::ok};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].error, expected[i]) << i << ": " << answers[i].detail;
    }
    EXPECT_EQ(harness.engine.sessions(), 1U);
    harness.engine.housekeep(harness.now_ns);
    EXPECT_EQ(harness.segment.header().counters.refused, 8U);
}

TEST(Engine, IndexHasAPatternAndAPointerAndNothingElse) {
    using wire::CommandKind;
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    const Bytes one = document("1");
    const auto answer = [&](std::string_view pattern, std::string_view pointer, ByteView document,
                            const shm::CommandTerms& terms, bool is_alone = true) {
        lane.writer.append(CommandKind::add_index, pattern, pointer, document, terms);
        if (!is_alone) lane.writer.put("a", one, {});
        EXPECT_TRUE(lane.send());
        harness.settle();
        return lane.take().value().error;
    };
    EXPECT_EQ(answer("a/*", "/b", {}, {.ttl_ms = 1000}), Errc::bad_request);
    EXPECT_EQ(answer("a/*", "/b", {}, {wire::ConditionKind::absent, 0, 0}), Errc::bad_request);
    EXPECT_EQ(answer("a/*", "/b", one, {}), Errc::bad_request);
    EXPECT_EQ(answer("a/*", "/b", {}, {}, false), Errc::bad_request);
    EXPECT_EQ(answer("a//*", "/b", {}, {}), Errc::bad_pattern);
    EXPECT_EQ(answer("a/*", "b", {}, {}), Errc::bad_pointer);
    EXPECT_EQ(answer("a/*", "/b", {}, {}), Errc::ok);
}

TEST(Engine, RolesDecideWhoWritesWhat) {
    EngineHarness harness;
    auto reader = harness.open({Role::reader, {}});
    auto writer = harness.open({Role::writer, {Pattern::parse("mine/**").value()}});
    auto anyone = harness.open({Role::writer, {}});
    auto admin = harness.open({Role::admin, {}});
    const auto put = [&](auto& session, std::string_view name) {
        LaneClient& lane = session.open_lane();
        EXPECT_TRUE(lane.put(name, "1"));
        harness.settle();
        return lane.take().value().error;
    };
    const auto compact = [&](auto& session) {
        LaneClient& lane = session.open_lane();
        lane.writer.compact();
        EXPECT_TRUE(lane.send());
        harness.settle();
        return lane.take().value().error;
    };
    EXPECT_EQ(put(reader, "a"), Errc::permission_denied);
    EXPECT_EQ(put(writer, "mine/a"), Errc::ok);
    EXPECT_EQ(put(writer, "yours/a"), Errc::permission_denied);
    EXPECT_EQ(put(anyone, "yours/a"), Errc::ok);
    EXPECT_EQ(put(admin, "b"), Errc::ok);
    EXPECT_EQ(compact(reader), Errc::permission_denied);
    EXPECT_EQ(compact(anyone), Errc::permission_denied);
    EXPECT_EQ(compact(admin), Errc::ok);
}

TEST(Engine, TransactionIsRefusedAsAWholeWhenOneNameIsNotAllowed) {
    EngineHarness harness;
    auto writer = harness.open({Role::writer, {Pattern::parse("mine/**").value()}});
    LaneClient& lane = writer.open_lane();
    lane.writer.put("mine/a", document("1"), {});
    lane.writer.put("yours", document("1"), {});
    ASSERT_TRUE(lane.send());
    harness.settle();
    const auto answer = lane.take().value();
    EXPECT_EQ(answer.error, Errc::permission_denied);
    EXPECT_EQ(answer.failed_command, 1U);
    EXPECT_FALSE(harness.get("mine/a"));
}

TEST(Engine, LargeRequestAndLargeReplyTravelInPieces) {
    EngineHarness harness({.memory_bytes = 64ULL << 20, .ring_entries = 1U << 16});
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    constexpr std::size_t writes = 10'000;  // 80 KB of versions, more than the reply ring holds
    const Bytes one = document("1");
    for (std::size_t i = 0; i < writes; ++i) lane.writer.put("r/" + std::to_string(i), one, {});
    const ByteView request = lane.writer.finish(1);
    ASSERT_GT(request.size(), shm::request_ring_bytes);
    // Like a client: pushes frames as space permits, with turns in between.
    shm::ByteRingProducer ring(client.memory.request_ring(0), shm::request_ring_bytes,
                               lane.control().client.request_tail,
                               lane.control().broker.request_head);
    for (std::size_t at = 0; at < request.size();) {
        const std::size_t size = std::min<std::size_t>(ring.room(), request.size() - at);
        ASSERT_TRUE(ring.push(request.subspan(at, size), at + size < request.size()));
        ring.flush();
        at += size;
        harness.settle();
    }
    EXPECT_EQ(harness.published(), harness.opened_at + 1);
    EXPECT_TRUE(harness.engine.is_held_up());
    EXPECT_FALSE(lane.take()) << "the reply was to come in more pieces than there is room for";
    harness.turn();
    const auto answer = lane.take();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->versions, std::vector<Version>(writes, 1));
    EXPECT_FALSE(harness.engine.is_held_up());
}

TEST(Engine, LaneThatIsNotDrainedStopsItselfOnly) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lazy = client.open_lane();
    LaneClient& other = client.open_lane();
    std::size_t sent = 0;
    for (bool full = false; !full;) {
        while (lazy.put("lazy", "1")) ++sent;
        --lazy.number;  // the last write did not fit
        full = harness.settle() == 0;
    }
    const Version written = harness.published() - harness.opened_at;
    EXPECT_LT(written, sent);
    EXPECT_FALSE(harness.engine.has_work());
    EXPECT_TRUE(harness.engine.is_held_up());
    ASSERT_TRUE(other.put("other", "2"));
    harness.settle();
    EXPECT_TRUE(other.take());
    std::size_t answers = lazy.take_all().size();
    EXPECT_EQ(answers, written);
    EXPECT_TRUE(harness.engine.has_work());
    while (harness.settle() > 0) answers += lazy.take_all().size();
    EXPECT_EQ(answers, sent);
}

TEST(Engine, BusyLanesOfOneSessionTakeTurns) {
    EngineHarness harness;
    auto client = harness.open();
    std::vector<LaneClient*> lanes;
    for (int i = 0; i < 10; ++i) lanes.push_back(&client.open_lane());
    for (LaneClient* lane : lanes) {
        for (int i = 0; i < 500; ++i) ASSERT_TRUE(lane->put("r", "1"));
    }
    std::vector<std::size_t> served(lanes.size());
    for (int i = 0; i < 20; ++i) {
        harness.turn();
        for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
            served[lane] += lanes[lane]->take_all().size();
        }
    }
    const auto [least, most] = std::minmax_element(served.begin(), served.end());
    EXPECT_GT(*least, 0U);
    EXPECT_LE(*most - *least, 2 * Engine::requests_per_lane);
}

TEST(Engine, BusySessionDoesNotShutOutAnother) {
    EngineHarness harness;
    auto busy = harness.open();
    for (int lane = 0; lane < 8; ++lane) {
        LaneClient& one = busy.open_lane();
        for (int i = 0; i < 200; ++i) ASSERT_TRUE(one.put("r", "1"));
    }
    auto modest = harness.open();
    LaneClient& lane = modest.open_lane();
    ASSERT_TRUE(lane.put("m", "1"));
    harness.turn();
    harness.turn();
    EXPECT_TRUE(lane.take());
}

TEST(Engine, ARequestOfOneOfManyIdleSessionsIsFoundWhileAnotherIsBusy) {
    EngineHarness harness;
    constexpr std::size_t idle = 100;
    std::vector<decltype(harness.open())> sessions;
    std::vector<LaneClient*> lanes;
    for (std::size_t i = 0; i < idle; ++i) {
        sessions.push_back(harness.open());
        lanes.push_back(&sessions.back().open_lane());
    }
    auto busy = harness.open();
    std::vector<LaneClient*> busy_lanes;
    for (int i = 0; i < 8; ++i) busy_lanes.push_back(&busy.open_lane());
    const auto turn = [&] {
        for (LaneClient* lane : busy_lanes) {
            while (lane->put("r", "1")) {
            }
        }
        harness.turn();
        for (LaneClient* lane : busy_lanes) static_cast<void>(lane->take_all());
    };
    // Enough turns for all sessions to become idle and be polled from any position.
    for (std::uint64_t i = 0; i < Engine::active_turns + 3; ++i) turn();
    for (LaneClient* lane : lanes) {
        ASSERT_TRUE(lane->put("m", "1"));
        bool is_answered = false;
        std::size_t turns = 0;
        constexpr std::size_t looks = Engine::requests_per_turn / Engine::requests_per_idle_look;
        for (; turns <= (idle + 1) / looks + 2 && !is_answered; ++turns) {
            turn();
            is_answered = lane->take().has_value();
        }
        ASSERT_TRUE(is_answered) << "after " << turns << " turns";
    }
}

TEST(Engine, TurnIsBounded) {
    EngineHarness harness;
    auto client = harness.open();
    for (int lane = 0; lane < 8; ++lane) {
        LaneClient& one = client.open_lane();
        for (int i = 0; i < 100; ++i) ASSERT_TRUE(one.put("r", "1"));
    }
    harness.turn();
    EXPECT_EQ(harness.published(), harness.opened_at + Engine::requests_per_turn);
}

TEST(Engine, RecordsExpireByTheClockOfTheTurn) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    ASSERT_TRUE(lane.put("a", "1", {.ttl_ms = 50}));
    harness.settle();
    EXPECT_EQ(harness.engine.next_due_ms(), harness.now_ns / 1'000'000 + 50);
    harness.now_ns += 49'000'000;
    EXPECT_FALSE(harness.turn());
    EXPECT_TRUE(harness.get("a"));
    harness.now_ns += 2'000'000;
    EXPECT_TRUE(harness.turn());
    EXPECT_FALSE(harness.get("a"));
    EXPECT_NE(harness.outbox.subjects, 0U);
}

TEST(Engine, ClientThatSleepsForAReplyIsWoken) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& awake = client.open_lane();
    LaneClient& asleep = client.open_lane();
    LaneClient& waits_for_room = client.open_lane();
    asleep.control().client.reply_asleep = static_cast<std::uint32_t>(SleepsOn::reply_tail);
    waits_for_room.control().client.reply_asleep =
        static_cast<std::uint32_t>(SleepsOn::request_head);
    for (LaneClient* lane : {&awake, &asleep, &waits_for_room}) ASSERT_TRUE(lane->put("a", "1"));
    harness.turn();
    std::vector<const shm::HalfWord*> words = harness.outbox.wake;
    ASSERT_EQ(words.size(), 2U);
    // The engine uses the mapping that the harness received.
    EXPECT_EQ(words[0], &asleep.control().broker_reply.reply_tail);
    EXPECT_EQ(words[1], &waits_for_room.control().broker.request_head);
}

TEST(Engine, SleepingWatchersAreCountedBySubject) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& writer = client.open_lane();
    LaneClient& cares = client.open_lane();
    LaneClient& does_not = client.open_lane();
    ASSERT_TRUE(writer.put("a", "1"));
    harness.turn();
    EXPECT_EQ(harness.outbox.sleepers, 0U);
    const std::uint32_t subjects = harness.outbox.subjects;
    ASSERT_NE(subjects, 0U);
    cares.watch_mask() = subjects;
    does_not.watch_mask() = ~subjects;
    ASSERT_TRUE(writer.put("a", "2"));
    harness.turn();
    EXPECT_EQ(harness.outbox.subjects, subjects);
    EXPECT_EQ(harness.outbox.sleepers, 1U);
    cares.watch_mask() = 0;
    ASSERT_TRUE(writer.put("a", "3"));
    harness.turn();
    EXPECT_EQ(harness.outbox.sleepers, 0U);
}

TEST(Engine, PinKeepsWhatItSeesUntilItsSessionIsClosed) {
    EngineHarness harness;
    auto writer_session = harness.open();
    auto reader = harness.open({Role::reader, {}});
    LaneClient& lane = writer_session.open_lane();
    ASSERT_TRUE(lane.put("a", "1"));
    harness.settle();
    const Revision pinned = harness.published();
    reader.memory.control().pins_used = 1;
    ASSERT_TRUE(
        shm::try_pin(reader.memory.pin(0).pin, pinned, harness.segment.header().horizon, false));
    ASSERT_TRUE(lane.put("a", "2"));
    harness.settle();
    lane.writer.compact();
    ASSERT_TRUE(lane.send());
    harness.settle();
    harness.engine.housekeep(harness.now_ns);
    EXPECT_EQ(harness.segment.header().counters.retired_blocks, 1U);
    EXPECT_EQ(harness.get("a", pinned), "1");
    ASSERT_TRUE(harness.engine.close(reader.id));
    harness.engine.housekeep(harness.now_ns);
    EXPECT_EQ(harness.segment.header().counters.retired_blocks, 0U);
}

TEST(Engine, SessionsAreShownInTheSegment) {
    EngineHarness harness;
    auto client = harness.open({Role::writer, {}}, "importer");
    LaneClient& lane = client.open_lane();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(lane.put("a", "1"));
    harness.settle();
    client.memory.control().pins_used = 3;
    const Position head = harness.segment.header().commit.head;
    client.memory.pin(1).cursor = 1 + head - 3;
    client.memory.pin(2).cursor = 1 + head - 1;
    harness.engine.housekeep(harness.now_ns);
    const shm::SessionEntry& entry = harness.segment.view().session(0);
    EXPECT_EQ(entry.id, client.id);
    EXPECT_EQ(entry.pid, 1000 + client.id);
    EXPECT_EQ(entry.role, static_cast<std::uint32_t>(Role::writer));
    EXPECT_EQ(entry.lanes, 1U);
    EXPECT_EQ(entry.requests, 5U);
    EXPECT_EQ(entry.lag, 3U);
    EXPECT_STREQ(entry.name.data(), "importer");
    EXPECT_EQ(harness.segment.header().counters.sessions_open, 1U);
    ASSERT_TRUE(harness.engine.close(client.id));
    EXPECT_EQ(entry.id, 0U);
    EXPECT_EQ(harness.segment.header().counters.sessions_open, 0U);
    EXPECT_FALSE(harness.engine.close(client.id));
}

TEST(Engine, WorkIsSeenBeforeSleeping) {
    EngineHarness harness;
    auto client = harness.open();
    EXPECT_FALSE(harness.engine.has_work());
    LaneClient& lane = client.open_lane();
    EXPECT_FALSE(harness.engine.has_work());
    ASSERT_TRUE(lane.put("a", "1"));
    EXPECT_TRUE(harness.engine.has_work());
    harness.settle();
    EXPECT_FALSE(harness.engine.has_work());
}

TEST(Engine, SessionsThatDeclareNothingAndAreShortMakeNoCommit) {
    EngineHarness harness;
    const Revision before = harness.published();
    for (int i = 0; i < 50; ++i) {
        auto client = harness.open();
        client.open_lane();
        harness.settle();
        ASSERT_TRUE(harness.engine.close(client.id));
        harness.settle();
    }
    EXPECT_EQ(harness.published(), before);
}

TEST(Engine, SessionHasItsRecordAfterADeclarationOrSomeTime) {
    EngineHarness harness;
    auto idle = harness.open();
    auto watcher = harness.open();
    const auto has_record = [&](const SessionClient& client) {
        return harness.get("$sys/session/" + std::to_string(client.id)).has_value();
    };
    watcher.memory.control().declarations_used = 1;
    watcher.memory.declaration(0).declare(shm::DeclarationKind::watch, 0, "a");
    ++watcher.memory.control().declarations_changed;
    harness.settle();
    EXPECT_TRUE(has_record(watcher));
    EXPECT_FALSE(has_record(idle));
    EXPECT_LE(harness.engine.next_due_ms(), 1 + (harness.now_ns + 2'000'000'000) / 1'000'000);
    harness.now_ns += MessagingOptions().session_record_ns;
    harness.settle();
    EXPECT_TRUE(has_record(idle));
    ASSERT_TRUE(harness.engine.close(idle.id));
    harness.settle();
    EXPECT_FALSE(has_record(idle));
}

/// Attached sessions without requests.
class IdleSessions {
public:
    IdleSessions(EngineHarness& harness, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            sessions_.push_back(harness.open());
            sessions_.back().open_lane();
        }
        harness.settle();
    }
    SessionClient& operator[](std::size_t i) { return sessions_[i]; }
    [[nodiscard]] std::size_t size() const { return sessions_.size(); }

private:
    std::vector<SessionClient> sessions_;
};

TEST(Engine, PublicationDoesNotCheckManySessionsForSleepers) {
    EngineHarness harness;
    auto client = harness.open();
    LaneClient& lane = client.open_lane();
    ASSERT_TRUE(lane.put("a", "1"));
    harness.turn();
    EXPECT_TRUE(harness.outbox.are_sleepers_counted);
    IdleSessions idle(harness, Engine::sleepers_counted_max);
    idle[3].memory.control().watch_masks[0] = ~0U;
    ASSERT_TRUE(lane.put("a", "2"));
    harness.turn();
    EXPECT_NE(harness.outbox.subjects, 0U);
    EXPECT_FALSE(harness.outbox.are_sleepers_counted) << "the kernel has to be asked";
}

TEST(Engine, EntriesOfManySessionsAreBroughtUpToDateInTurn) {
    EngineHarness harness;
    IdleSessions idle(harness, 3 * Engine::entries_per_housekeeping);
    for (std::size_t i = 0; i < idle.size(); ++i) {
        idle[i].memory.control().pins_used = 1;
        idle[i].memory.pin(0).pin = shm::pin_word(harness.published());
    }
    const auto up_to_date = [&] {
        std::size_t count = 0;
        for (std::size_t i = 0; i < idle.size(); ++i) {
            if (harness.segment.view().session(i).lease_ms != 0) ++count;
        }
        return count;
    };
    for (std::size_t round = 1; round <= 3; ++round) {
        harness.engine.housekeep(harness.now_ns);
        EXPECT_EQ(up_to_date(), round * Engine::entries_per_housekeeping);
    }
}

}  // namespace
}  // namespace ringside::broker
