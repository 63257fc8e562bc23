#include <gtest/gtest.h>

#include "tests/support/engine_harness.hpp"

/// Valid and invalid declarations of sessions, written into the shared memory as an honest or a
/// hostile client would.
namespace ringside::broker {
namespace {

using shm::DeclarationKind;
using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

class DeclarationsTest : public ::testing::Test {
protected:
    /// Writes a declaration into a place and makes the engine check it.
    std::uint64_t declare(const SessionClient& session, std::uint32_t place, DeclarationKind kind,
                          std::uint32_t lane, std::string_view text) {
        const std::uint32_t sequence = write(session, place, kind, lane, text);
        review(session);
        return shm::Declaration::number(place, sequence);
    }
    static std::uint32_t write(const SessionClient& session, std::uint32_t place,
                               DeclarationKind kind, std::uint32_t lane, std::string_view text) {
        auto& control = session.memory.control();
        control.declarations_used = std::max(control.declarations_used.load(), place + 1);
        return session.memory.declaration(place).declare(kind, lane, text);
    }
    void review(const SessionClient& session) {
        ++session.memory.control().declarations_changed;
        harness_.now_ns += 1'000'000;  // late enough for the next check
        harness_.settle();
    }
    void withdraw(const SessionClient& session, std::uint32_t place) {
        declare(session, place, DeclarationKind::none, 0, {});
    }
    static Errc outcome(const SessionClient& session, std::uint32_t place) {
        const shm::Declaration& declaration = session.memory.declaration(place);
        EXPECT_EQ(declaration.outcome.sequence.load(), declaration.head.sequence.load());
        return static_cast<Errc>(declaration.outcome.error.load());
    }
    [[nodiscard]] bool is_there(std::string_view name) const {
        return harness_.get(name).has_value();
    }
    [[nodiscard]] bool is_present(const std::string& user) const {
        return is_there("$sys/presence/" + user);
    }

    /// Returns the next delivery in a lane, or one with an empty name if there is none.
    struct Brought {
        wire::DeliveryKind kind{};
        std::uint64_t id = 0;
        std::uint64_t declaration = 0;
        std::string name;
    };
    static Brought next(LaneClient& lane) {
        while (const auto message = lane.take_message()) {
            const wire::Delivery* brought = message->delivery();
            if (brought == nullptr) continue;
            return {brought->kind(), brought->id(), brought->declaration(),
                    brought->name() == nullptr ? "" : brought->name()->str()};
        }
        return {};
    }
    void say(LaneClient& lane, wire::MessageKind kind, std::uint64_t id) {
        ASSERT_TRUE(lane.send_bytes(lane.writer.message(++lane.number, {.kind = kind, .id = id})));
        harness_.settle();
    }
    /// Calls a name in the lane of a session.
    void call(LaneClient& lane, std::string_view name) {
        const Bytes one = document_from_json("1").value();
        ASSERT_TRUE(lane.send_bytes(lane.writer.message(
            ++lane.number, {.kind = wire::MessageKind::call, .name = name, .document = one})));
        harness_.settle();
    }

    EngineHarness harness_;
    SessionClient session_ = harness_.open();
    LaneClient& lane_ = session_.open_lane();
};

TEST_F(DeclarationsTest, DeliveriesCarryTheNumberOfTheDeclaration) {
    const auto first = declare(session_, 0, DeclarationKind::provide, 0, "a");
    const auto second = declare(session_, 1, DeclarationKind::provide, 0, "b/*");
    EXPECT_EQ(outcome(session_, 0), Errc::ok);
    EXPECT_EQ(outcome(session_, 1), Errc::ok);
    EXPECT_NE(first, second);
    auto caller = harness_.open();
    LaneClient& calls = caller.open_lane();
    call(calls, "b/1");
    const Brought offered = next(lane_);
    EXPECT_EQ(offered.kind, wire::DeliveryKind::offer);
    EXPECT_EQ(offered.declaration, second);
    call(calls, "a");
    EXPECT_EQ(next(lane_).declaration, first);
}

TEST_F(DeclarationsTest, EqualDeclarationsKeepTheirRecordUntilTheLastIsGone) {
    const std::string record = "$sys/listen/a%2A/" + std::to_string(session_.id) + "/0";
    for (const std::uint32_t place : {0U, 1U}) {
        declare(session_, place, DeclarationKind::listen, 0, "a*");
        EXPECT_EQ(outcome(session_, place), Errc::ok);
    }
    EXPECT_TRUE(is_there(record));
    withdraw(session_, 0);
    EXPECT_TRUE(is_there(record));
    withdraw(session_, 1);
    EXPECT_FALSE(is_there(record));
}

TEST_F(DeclarationsTest, TwoListenersOfOneLaneAreAskedInTurn) {
    const std::uint64_t numbers[] = {declare(session_, 0, DeclarationKind::listen, 0, "a/*"),
                                     declare(session_, 1, DeclarationKind::listen, 0, "a/*")};
    auto watcher = harness_.open();
    declare(watcher, 0, DeclarationKind::watch, 0, "a/1");
    const Brought first = next(lane_);
    EXPECT_EQ(first.kind, wire::DeliveryKind::wanted);
    EXPECT_EQ(first.name, "a/1");
    say(lane_, wire::MessageKind::rejection, first.id);
    const Brought second = next(lane_);
    EXPECT_EQ(second.kind, wire::DeliveryKind::wanted);
    EXPECT_NE(first.declaration, second.declaration);
    EXPECT_EQ(first.declaration + second.declaration, numbers[0] + numbers[1]);
    say(lane_, wire::MessageKind::acceptance, second.id);
    EXPECT_TRUE(is_there("$sys/provided/a/1"));
    withdraw(watcher, 0);
    const Brought third = next(lane_);
    EXPECT_EQ(third.kind, wire::DeliveryKind::unwanted);
    EXPECT_EQ(third.declaration, second.declaration);
    EXPECT_FALSE(is_there("$sys/provided/a/1"));
}

TEST_F(DeclarationsTest, RejectingListenersAreAskedAgainLater) {
    const std::uint64_t rematch_ns = MessagingOptions().rematch_ns;
    declare(session_, 0, DeclarationKind::listen, 0, "a");
    auto watcher = harness_.open();
    declare(watcher, 0, DeclarationKind::watch, 0, "a");
    const Brought first = next(lane_);
    say(lane_, wire::MessageKind::rejection, first.id);
    harness_.now_ns += rematch_ns / 2;
    harness_.settle();
    EXPECT_EQ(next(lane_).name, "") << "it is too soon";
    harness_.now_ns += rematch_ns / 2;
    harness_.settle();
    const Brought second = next(lane_);
    EXPECT_EQ(second.kind, wire::DeliveryKind::wanted);
    EXPECT_NE(second.id, first.id);
    say(lane_, wire::MessageKind::rejection, first.id);  // the call has ended
    say(lane_, wire::MessageKind::acceptance, second.id);
    EXPECT_TRUE(is_there("$sys/provided/a"));
    harness_.now_ns += 2 * rematch_ns;
    harness_.settle();
    EXPECT_EQ(next(lane_).name, "") << "somebody provides it";
    say(lane_, wire::MessageKind::rejection, second.id);
    withdraw(watcher, 0);
    harness_.now_ns += 2 * rematch_ns;
    harness_.settle();
    EXPECT_EQ(next(lane_).name, "") << "nobody watches it";
}

TEST_F(DeclarationsTest, SilentListenersNameGoesToTheNextListener) {
    const std::uint64_t accept_ns = MessagingOptions().accept_ns;
    declare(session_, 0, DeclarationKind::listen, 0, "a");
    auto watcher = harness_.open();
    declare(watcher, 0, DeclarationKind::watch, 0, "a");
    const Brought unanswered = next(lane_);
    EXPECT_EQ(unanswered.kind, wire::DeliveryKind::wanted);
    auto other = harness_.open();
    LaneClient& second = other.open_lane();
    declare(other, 0, DeclarationKind::listen, 0, "a");
    EXPECT_EQ(next(second).name, "") << "the first listener has time left";
    harness_.now_ns += accept_ns;
    harness_.settle();
    EXPECT_EQ(next(lane_).kind, wire::DeliveryKind::unwanted);
    const Brought asked = next(second);
    EXPECT_EQ(asked.kind, wire::DeliveryKind::wanted);
    say(second, wire::MessageKind::acceptance, asked.id);
    EXPECT_TRUE(is_there("$sys/provided/a"));
    say(lane_, wire::MessageKind::rejection, unanswered.id);  // too late to have an effect
    EXPECT_TRUE(is_there("$sys/provided/a"));
}

TEST_F(DeclarationsTest, SilentProvidersCallGoesToTheNextProvider) {
    const std::uint64_t accept_ns = MessagingOptions().accept_ns;
    declare(session_, 0, DeclarationKind::provide, 0, "a");
    auto caller = harness_.open();
    LaneClient& calls = caller.open_lane();
    call(calls, "a");
    const Brought offered = next(lane_);
    EXPECT_EQ(offered.kind, wire::DeliveryKind::offer);
    auto other = harness_.open();
    LaneClient& second = other.open_lane();
    declare(other, 0, DeclarationKind::provide, 0, "a");
    EXPECT_EQ(next(second).name, "") << "the first provider has time left";
    harness_.now_ns += accept_ns;
    harness_.settle();
    const Brought cancelled = next(lane_);
    EXPECT_EQ(cancelled.kind, wire::DeliveryKind::cancelled);
    EXPECT_EQ(cancelled.id, offered.id);
    EXPECT_EQ(next(second).kind, wire::DeliveryKind::offer);
    harness_.now_ns += accept_ns;
    harness_.settle();
    EXPECT_EQ(next(second).kind, wire::DeliveryKind::cancelled) << "nobody is left to ask";
}

TEST_F(DeclarationsTest, LaneHasDeclarationsOfOneKind) {
    declare(session_, 0, DeclarationKind::provide, 0, "a");
    declare(session_, 1, DeclarationKind::listen, 0, "b");
    EXPECT_EQ(outcome(session_, 1), Errc::bad_request);
    EXPECT_FALSE(is_there("$sys/listen/b/" + std::to_string(session_.id) + "/0"));
    declare(session_, 2, DeclarationKind::provide, 0, "c");
    EXPECT_EQ(outcome(session_, 2), Errc::ok);
    // When the last declaration of one kind is removed, the lane is free for the other kind.
    write(session_, 0, DeclarationKind::none, 0, {});
    write(session_, 2, DeclarationKind::none, 0, {});
    declare(session_, 1, DeclarationKind::listen, 0, "b");
    EXPECT_EQ(outcome(session_, 1), Errc::ok);
    declare(session_, 3, DeclarationKind::provide, 0, "d");
    EXPECT_EQ(outcome(session_, 3), Errc::bad_request);
}

TEST_F(DeclarationsTest, MissingLaneIsRefused) {
    for (const std::uint32_t lane : {1U, 63U, 64U, ~0U}) {
        declare(session_, 0, DeclarationKind::provide, lane, "a");
        EXPECT_EQ(outcome(session_, 0), Errc::bad_request) << lane;
        declare(session_, 1, DeclarationKind::listen, lane, "a");
        EXPECT_EQ(outcome(session_, 1), Errc::bad_request) << lane;
    }
    declare(session_, 0, DeclarationKind::provide, 0, "a");
    EXPECT_EQ(outcome(session_, 0), Errc::ok);
}

TEST_F(DeclarationsTest, UnknownKindsAreIgnored) {
    declare(session_, 0, static_cast<DeclarationKind>(77), 0, "a");
    declare(session_, 0, DeclarationKind::provide, 0, "a");
    EXPECT_EQ(outcome(session_, 0), Errc::ok);
    declare(session_, 0, static_cast<DeclarationKind>(~0U), 0, "a");
    EXPECT_FALSE(is_there("$sys/rpc/a/" + std::to_string(session_.id) + "/0"));
}

TEST_F(DeclarationsTest, DeclarationsThatFillASessionAreServedAtOneLane) {
    for (std::uint32_t i = 0; i < limits::declarations_per_session_max; ++i) {
        write(session_, i, DeclarationKind::listen, 0, "a/" + std::to_string(i));
    }
    review(session_);
    for (std::uint32_t i = 0; i < limits::declarations_per_session_max; ++i) {
        ASSERT_EQ(outcome(session_, i), Errc::ok);
    }
    harness_.engine.housekeep(harness_.now_ns);
    const auto& counters = harness_.segment.header().counters;
    EXPECT_EQ(counters.listeners.load(), limits::declarations_per_session_max);
    const auto closed = harness_.engine.close(session_.id);
    harness_.settle();
    harness_.engine.housekeep(harness_.now_ns);
    EXPECT_EQ(counters.listeners.load(), 0U);
    EXPECT_FALSE(is_there("$sys/listen/a/7/" + std::to_string(session_.id) + "/0"));
}

TEST_F(DeclarationsTest, DeclarationsOfAnEndingSessionAreNotAskedInTurn) {
    for (const std::uint32_t place : {0U, 1U, 2U}) {
        declare(session_, place, DeclarationKind::provide, 0, "a");
    }
    auto caller = harness_.open();
    LaneClient& calls = caller.open_lane();
    call(calls, "a");
    EXPECT_EQ(next(lane_).kind, wire::DeliveryKind::offer);
    const auto closed = harness_.engine.close(session_.id);
    harness_.settle();
    const auto answer = calls.take();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, Errc::no_provider);
    EXPECT_EQ(next(lane_).name, "") << "offered once";
}

// Presence of users.

TEST_F(DeclarationsTest, UserIsPresentUntilItsLastDeclarationIsGone) {
    declare(session_, 0, DeclarationKind::present, 0, "alice");
    EXPECT_EQ(outcome(session_, 0), Errc::ok);
    EXPECT_EQ(harness_.get("$sys/presence/alice"),
              R"({"sessions":[)" + std::to_string(session_.id) + "]}");
    declare(session_, 1, DeclarationKind::present, 0, "alice");
    withdraw(session_, 0);
    EXPECT_TRUE(is_present("alice"));
    auto other = harness_.open();
    declare(other, 0, DeclarationKind::present, 0, "alice");
    withdraw(session_, 1);
    EXPECT_EQ(harness_.get("$sys/presence/alice"),
              R"({"sessions":[)" + std::to_string(other.id) + "]}");
    const auto closed = harness_.engine.close(other.id);
    harness_.settle();
    EXPECT_FALSE(is_present("alice"));
}

TEST_F(DeclarationsTest, UserThatMovesToAnotherPlaceStaysPresent) {
    declare(session_, 0, DeclarationKind::present, 0, "alice");
    const Revision before = harness_.published();
    write(session_, 0, DeclarationKind::none, 0, {});
    declare(session_, 1, DeclarationKind::present, 0, "alice");
    EXPECT_TRUE(is_present("alice"));
    EXPECT_EQ(harness_.published(), before) << "its record was not written again";
    declare(session_, 1, DeclarationKind::present, 0, "bob");
    EXPECT_FALSE(is_present("alice"));
    EXPECT_TRUE(is_present("bob"));
}

TEST_F(DeclarationsTest, ReaderCannotDeclareAUser) {
    auto reader = harness_.open({shm::Role::reader, {}});
    declare(reader, 0, DeclarationKind::present, 0, "alice");
    EXPECT_EQ(outcome(reader, 0), Errc::permission_denied);
    EXPECT_FALSE(is_present("alice"));
    auto writer = harness_.open({shm::Role::writer, {Pattern::parse("a/*").value()}});
    declare(writer, 0, DeclarationKind::present, 0, "alice");
    EXPECT_EQ(outcome(writer, 0), Errc::ok);
    withdraw(reader, 0);
    EXPECT_TRUE(is_present("alice"));
}

TEST_F(DeclarationsTest, InvalidUsersAreRefused) {
    const std::string too_long(limits::user_bytes_max, 'u');
    for (const std::string_view user :
         {std::string_view(), std::string_view("a/b"), std::string_view("a*"),
          std::string_view("a\0b", 3), std::string_view("\xff\xfe"), std::string_view(too_long)}) {
        declare(session_, 0, DeclarationKind::present, 0, user);
        EXPECT_EQ(outcome(session_, 0), Errc::bad_user) << user;
    }
    withdraw(session_, 0);
    declare(session_, 0, DeclarationKind::present, 0, too_long.substr(1));
    EXPECT_EQ(outcome(session_, 0), Errc::ok);
    EXPECT_TRUE(is_present(too_long.substr(1)));
}

class InterestTest : public DeclarationsTest {
protected:
    void put_records(std::size_t count) {
        SessionClient writer = harness_.open();
        LaneClient& lane = writer.open_lane();
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_TRUE(lane.put("r/" + std::to_string(i), "1"));
            if (i % 64 != 0) continue;
            harness_.settle();
            lane.take_all();
        }
        harness_.settle();
        static_cast<void>(harness_.engine.close(writer.id));
    }
    /// Counts the deliveries of a kind in the lane. They stay there until they are taken.
    std::size_t count(LaneClient& lane, wire::DeliveryKind kind) {
        std::size_t found = 0;
        for (std::size_t quiet = 0; quiet < 3; ++quiet) {
            harness_.settle();
            for (Brought brought = next(lane); !brought.name.empty(); brought = next(lane)) {
                quiet = 0;
                if (brought.kind == kind) ++found;
            }
        }
        return found;
    }
    /// Runs turns until there is no work left, and returns their number.
    std::size_t turns_to_rest(std::size_t most) {
        std::size_t turns = 0;
        while (turns < most && (harness_.turn() || harness_.engine.has_work())) ++turns;
        return turns;
    }
};

TEST_F(InterestTest, SearchesEndWithTheDeclarationsThatBeganThem) {
    constexpr std::uint32_t places = limits::declarations_per_session_max;
    put_records(5000);
    declare(session_, 0, DeclarationKind::listen, 0, "**");
    SessionClient restless = harness_.open();
    for (int round = 0; round < 20; ++round) {
        for (std::uint32_t i = 0; i < places; ++i) {
            const std::string text = "**/" + std::to_string(i) + "x" + std::to_string(round);
            write(restless, i, DeclarationKind::watch, 0, text);
        }
        ++restless.memory.control().declarations_changed;
        harness_.now_ns += 1'000'000'000;
        for (int turns = 0; turns < 4; ++turns) harness_.turn();
    }
    static_cast<void>(harness_.engine.close(restless.id));
    EXPECT_LT(turns_to_rest(20'000), 100U);
}

TEST_F(InterestTest, DeclarationsThatChangeAllTheTimeAreReadLessOften) {
    constexpr std::uint32_t places = limits::declarations_per_session_max;
    SessionClient restless = harness_.open();
    std::size_t read = 0;
    std::uint32_t seen = 0;
    for (std::uint32_t turns = 0; turns < 1000; ++turns) {
        for (std::uint32_t i = 0; i < places; ++i) {
            write(restless, i, DeclarationKind::present, 0, "u" + std::to_string(turns % 7 + i));
        }
        ++restless.memory.control().declarations_changed;
        harness_.now_ns += 100'000;
        harness_.turn();
        const std::uint32_t now = restless.memory.declaration(0).outcome.sequence.load();
        if (std::exchange(seen, now) != now) ++read;
    }
    EXPECT_GE(read, 2U);
    EXPECT_LE(read, 4U) << "256 changes are followed by a pause of some 50 ms";
}

TEST_F(InterestTest, SearchServesEverySessionThatDeclaresItsPattern) {
    constexpr std::size_t records = 1000;
    put_records(records);
    declare(session_, 0, DeclarationKind::listen, 0, "**");
    SessionClient first = harness_.open();
    SessionClient second = harness_.open();
    write(first, 0, DeclarationKind::watch, 0, "r/*");
    ++first.memory.control().declarations_changed;
    harness_.now_ns += 1'000'000;
    for (int turns = 0; turns < 3; ++turns) harness_.turn();
    write(second, 0, DeclarationKind::watch, 0, "r/*");
    ++second.memory.control().declarations_changed;
    for (int turns = 0; turns < 3; ++turns) harness_.turn();
    write(first, 0, DeclarationKind::none, 0, {});
    ++first.memory.control().declarations_changed;
    EXPECT_EQ(count(lane_, wire::DeliveryKind::wanted), records);
}

TEST_F(InterestTest, SubjectsOfAnUnwatchedPatternEndInSlices) {
    constexpr std::size_t records = 1000;
    put_records(records);
    declare(session_, 0, DeclarationKind::listen, 0, "**");
    SessionClient watcher = harness_.open();
    SessionClient other = harness_.open();
    declare(watcher, 0, DeclarationKind::watch, 0, "r/*");
    declare(other, 0, DeclarationKind::watch, 0, "r/7*");
    ASSERT_EQ(count(lane_, wire::DeliveryKind::wanted), records);
    write(watcher, 0, DeclarationKind::none, 0, {});
    ++watcher.memory.control().declarations_changed;
    harness_.now_ns += 1'000'000;
    EXPECT_GT(turns_to_rest(10'000), records / 64 - 2) << "not all of it in one turn";
    const std::size_t still_watched = 1 + 10 + 100;
    EXPECT_EQ(count(lane_, wire::DeliveryKind::unwanted), records - still_watched);
}

TEST_F(InterestTest, SubjectsOfAListenerThatLeavesGoToTheOthers) {
    constexpr std::size_t records = 300;
    put_records(records);
    declare(session_, 0, DeclarationKind::listen, 0, "**");
    SessionClient watcher = harness_.open();
    declare(watcher, 0, DeclarationKind::watch, 0, "r/*");
    ASSERT_EQ(count(lane_, wire::DeliveryKind::wanted), records);
    SessionClient next = harness_.open();
    LaneClient& lane = next.open_lane();
    declare(next, 0, DeclarationKind::listen, 0, "r/**");
    withdraw(session_, 0);
    EXPECT_EQ(count(lane, wire::DeliveryKind::wanted), records);
}

}  // namespace
}  // namespace ringside::broker
