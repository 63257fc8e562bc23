#include <gtest/gtest.h>

#include "broker/engine/survey.hpp"
#include "shm/ring/ended_writers.hpp"
#include "tests/shm/document_support.hpp"
#include "tests/support/engine_harness.hpp"

/// Sessions that an administrator closes, and what is kept of a session that has ended.
namespace ringside::broker {
namespace {

using test::document;
using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

class SessionClosure : public ::testing::Test {
protected:
    /// Asks for a closure and returns the answer's error; `ended_` has the sessions that ended.
    Errc close(SessionClient& by, SessionId target) {
        LaneClient& lane = by.open_lane();
        lane.writer.close_session(target);
        EXPECT_TRUE(lane.send());
        return answer_of(lane);
    }
    Errc answer_of(LaneClient& lane) {
        ended_.clear();
        for (int turns = 0; turns < 64; ++turns) {
            harness_.turn();
            for (EndedSession& one : harness_.outbox.ended) ended_.push_back(std::move(one));
        }
        const auto answer = lane.take();
        EXPECT_TRUE(answer);
        return answer ? answer->error : Errc::system_error;
    }
    void expect_served(LaneClient& lane) {
        ASSERT_TRUE(lane.put("served", "1"));
        harness_.settle();
        const auto answer = lane.take();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->error, Errc::ok);
    }

    EngineHarness harness_;
    std::vector<EndedSession> ended_;
};

TEST_F(SessionClosure, AdminClosesAnotherSession) {
    SessionClient target = harness_.open({shm::Role::writer, {}}, "stuck");
    SessionClient admin = harness_.open({shm::Role::admin, {}}, "ringside");
    EXPECT_EQ(close(admin, target.id), Errc::ok);
    ASSERT_EQ(ended_.size(), 1U);
    EXPECT_EQ(ended_[0].session->id(), target.id);
    EXPECT_EQ(ended_[0].reason.code, Errc::session_closed);
    EXPECT_NE(ended_[0].reason.detail.find("ringside"), std::string::npos)
        << "the log says who asked for it: " << ended_[0].reason.detail;
    EXPECT_EQ(harness_.engine.sessions(), 1U);
    EXPECT_EQ(harness_.segment.view().session(target.id - 1).id.load(), 0U);
    EXPECT_EQ(close(admin, target.id), Errc::not_found);
}

TEST_F(SessionClosure, CallerWithoutTheRoleIsRefusedAndNobodyIsClosed) {
    SessionClient target = harness_.open();
    LaneClient& lane = target.open_lane();
    for (const shm::Role role :
         {shm::Role::none, shm::Role::reader, shm::Role::writer, shm::Role::provider}) {
        SessionClient hostile = harness_.open({role, {}}, "hostile", 66);
        EXPECT_EQ(close(hostile, target.id), Errc::permission_denied);
        EXPECT_EQ(close(hostile, hostile.id), Errc::permission_denied);
        EXPECT_TRUE(ended_.empty());
    }
    expect_served(lane);
    EXPECT_EQ(harness_.segment.header()
                  .counters.refused_by_code[static_cast<std::size_t>(Errc::permission_denied)],
              8U);
}

TEST_F(SessionClosure, ClosureHasTheNumberOfASessionAndNothingElse) {
    SessionClient admin = harness_.open();
    LaneClient& lane = admin.open_lane();
    const auto answer = [&](std::string_view name, std::string_view pointer, ByteView bytes,
                            const shm::CommandTerms& terms, bool is_alone = true) {
        lane.writer.append(wire::CommandKind::close_session, name, pointer, bytes, terms);
        if (!is_alone) lane.writer.put("a", document("1"), {});
        EXPECT_TRUE(lane.send());
        return answer_of(lane);
    };
    const Bytes one = document("1");
    const std::uint64_t id = admin.id;
    EXPECT_EQ(answer({}, {}, {}, {.expected = 0}), Errc::bad_request);
    EXPECT_EQ(answer({}, {}, {}, {.expected = id + (1ULL << 32)}), Errc::bad_request);
    EXPECT_EQ(answer("a", {}, {}, {.expected = id}), Errc::bad_request);
    EXPECT_EQ(answer({}, "/a", {}, {.expected = id}), Errc::bad_request);
    EXPECT_EQ(answer({}, {}, one, {.expected = id}), Errc::bad_request);
    EXPECT_EQ(answer({}, {}, {}, {.expected = id, .ttl_ms = 1}), Errc::bad_request);
    EXPECT_EQ(answer({}, {}, {}, {wire::ConditionKind::version, id, 0}), Errc::bad_request);
    EXPECT_EQ(answer({}, {}, {}, {.expected = id}, false), Errc::bad_request);
    EXPECT_EQ(answer({}, {}, {}, {.expected = id + 1}), Errc::not_found);
    expect_served(lane);
}

TEST_F(SessionClosure, AdminCanCloseItsOwnSessionAfterTheAnswer) {
    SessionClient admin = harness_.open();
    EXPECT_EQ(close(admin, admin.id), Errc::ok);
    ASSERT_EQ(ended_.size(), 1U);
    EXPECT_EQ(harness_.engine.sessions(), 0U);
}

TEST_F(SessionClosure, SessionThatHasNotResumedEnds) {
    const SessionClient lost = harness_.open();
    harness_.settle();
    Durability durability;
    Engine next(harness_.segment.view(),
                {.commit_memory = [](Offset, std::uint64_t) { return true; },
                 .heavy_fence = [] {},
                 .collect_pins = {}},
                {}, durability);
    Survey survey(harness_.segment.view());
    survey.run().value();
    next.take_over(std::move(survey), harness_.now_ns).value();
    auto memory = SessionMemory::create().value();
    SessionClient admin(9, memory.view());
    next.open(std::make_unique<Session>(9, 8, std::move(memory),
                                        Peer{{17, 1, 1, {}}, {shm::Role::admin, {}}, "ringside"}),
              harness_.now_ns);
    LaneClient& lane = admin.open_lane();
    Outbox outbox;
    const auto lives = [](std::uint32_t) { return true; };
    next.turn(harness_.now_ns, outbox);
    next.review_absent(harness_.now_ns, lives, outbox);
    ASSERT_EQ(next.absent().size(), 1U) << "its lease runs";

    lane.writer.close_session(lost.id);
    ASSERT_TRUE(lane.send());
    for (int turns = 0; turns < 64; ++turns) next.turn(harness_.now_ns, outbox);
    auto returning = std::make_unique<Session>(lost.id, next.absent().front().index,
                                               SessionMemory::create().value(), Peer());
    const auto refused = next.resume(std::move(returning));
    ASSERT_TRUE(refused) << "the closure was acknowledged";
    EXPECT_EQ(refused->reason.code, Errc::connection_lost);
    next.review_absent(harness_.now_ns, lives, outbox);

    EXPECT_TRUE(next.absent().empty());
    const auto kept = shm::find_ended_writer(harness_.segment.view(), lost.id);
    ASSERT_TRUE(kept) << "it may have written something under the former broker";
    EXPECT_EQ(kept->pid, 1000U + lost.id);
    EXPECT_EQ(kept->program, "test");
}

TEST_F(SessionClosure, IdentityIsKeptOnlyOfSessionsThatHaveCommitted) {
    SessionClient writer = harness_.open({shm::Role::writer, {}}, "writer", 1000);
    SessionClient refused = harness_.open({shm::Role::reader, {}}, "refused");
    const SessionClient idle = harness_.open({shm::Role::admin, {}}, "idle");
    ASSERT_TRUE(writer.open_lane().put("a", "1"));
    ASSERT_TRUE(refused.open_lane().put("a", "2"));
    harness_.settle();
    for (const SessionId id : {writer.id, refused.id, idle.id}) {
        EXPECT_TRUE(harness_.engine.close(id));
    }
    const shm::SegmentView& view = harness_.segment.view();
    const auto kept = shm::find_ended_writer(view, writer.id);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->program, "writer");
    EXPECT_EQ(kept->uid, 1000U);
    EXPECT_EQ(kept->ended_ns, harness_.now_ns);
    EXPECT_FALSE(shm::find_ended_writer(view, refused.id));
    EXPECT_FALSE(shm::find_ended_writer(view, idle.id));
}

}  // namespace
}  // namespace ringside::broker
