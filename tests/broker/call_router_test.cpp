#include <gtest/gtest.h>

#include "broker/routing/call_router.hpp"
#include "broker/routing/system_records.hpp"
#include "tests/support/grid_harness.hpp"

/// Calls that have ended leave nothing in the broker's memory, whatever their time-outs are.
namespace ringside::broker {
namespace {

TEST(DueQueue, ObsoleteEntriesAreRemovedOnceTheyAreTheLargerPart) {
    DueQueue queue;
    constexpr std::uint64_t current = 100;
    for (std::uint64_t id = 0; id < 100'000; ++id) {
        // Some due times are in order, the others are not.
        queue.push(id % 3 == 0 ? 1'000'000 + id : 500'000 - id, id);
        queue.tidy(current, [](std::uint64_t, std::uint64_t one) { return one < current; });
        ASSERT_LE(queue.size(), 5000U);
    }
    std::vector<std::uint64_t> taken;
    std::uint64_t before_ns = 0;
    while (queue.next_ns() != ~std::uint64_t{0}) {
        EXPECT_GE(queue.next_ns(), before_ns);
        before_ns = queue.next_ns();
        queue.take(before_ns, [&](std::uint64_t id) {
            if (id < current) taken.push_back(id);
        });
    }
    EXPECT_EQ(taken.size(), current);
}

TEST(CallTable, MemoryOfEndedCallsIsReleased) {
    CallTable table;
    std::vector<std::uint64_t> ids;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10'000; ++i) {
            RoutedCall& call = table.add();
            call.document.assign(2000, Byte{1});
            ids.push_back(call.id);
        }
        EXPECT_EQ(table.size(), 10'000U);
        for (const std::uint64_t id : ids) {
            ASSERT_NE(table.find(id), nullptr);
            table.remove(*table.find(id));
            EXPECT_EQ(table.find(id), nullptr);
        }
        ids.clear();
        EXPECT_EQ(table.size(), 0U);
        EXPECT_LE(table.entries(), 1024U);
    }
}

/// A caller and a provider, without an engine.
class CallRouterTest : public ::testing::Test {
protected:
    CallRouterTest() {
        const Declarations::Change declared{.place = 0,
                                            .sequence = 2,
                                            .before = {},
                                            .now = {shm::DeclarationKind::provide, 0, "service"}};
        router_.provide(*provider_, declared, Pattern::parse("service").value());
    }

    static std::unique_ptr<Session> open(SessionId id) {
        auto session =
            std::make_unique<Session>(id, id - 1, SessionMemory::create().value(),
                                      Peer{{1000 + id, 1, 1, {}}, {shm::Role::admin, {}}, "test"});
        session->memory().view().control().lanes_open = 1;
        session->adopt_lanes();
        return session;
    }

    Result<void> call(std::uint64_t number) {
        const Message message{.kind = wire::MessageKind::call,
                              .name = "service",
                              .document = {},
                              .timeout_ms = limits::call_ms_max};
        return router_.call(*caller_, 0, number, message, now_ns_);
    }

    std::uint64_t now_ns_ = 1'000'000'000;
    std::vector<Lane*> touched_;
    DeliveryWriter deliveries_{touched_};
    CallRouter router_{deliveries_, MessagingOptions{}};
    std::unique_ptr<Session> caller_ = open(1);
    std::unique_ptr<Session> provider_ = open(2);
};

TEST_F(CallRouterTest, DeadlinesOfCancelledCallsAreForgottenBeforeTheyAreDue) {
    for (std::uint64_t number = 1; number <= 50'000; ++number) {
        ASSERT_TRUE(call(number));
        router_.cancel(*caller_, 0, number);
        router_.turn(now_ns_);
        ASSERT_LE(router_.deadlines(), 5000U);
    }
    EXPECT_EQ(router_.under_way(), 0U);
    EXPECT_EQ(caller_->call_bytes, 0U);
}

TEST_F(CallRouterTest, CallsThatEndAreTakenOffTheAccountWithTheirRejections) {
    const std::size_t before = caller_->account().bytes();
    ASSERT_TRUE(call(1));
    const std::size_t with_call = caller_->account().bytes();
    EXPECT_GT(with_call, before);
    // A second provider takes the call over after the rejection.
    const Declarations::Change declared{.place = 1,
                                        .sequence = 2,
                                        .before = {},
                                        .now = {shm::DeclarationKind::provide, 0, "service"}};
    router_.provide(*provider_, declared, Pattern::parse("service").value());
    const std::uint64_t offered = provider_->lanes()[0]->claim(0).load() >> 1;
    router_.reject(*provider_, offered, now_ns_);
    EXPECT_GT(caller_->account().bytes(), with_call);
    router_.cancel(*caller_, 0, 1);
    EXPECT_EQ(caller_->account().bytes(), before);
    EXPECT_EQ(caller_->call_bytes, 0U);
}

TEST(SystemRecords, NameThatWasNeverWrittenIsNotRemembered) {
    testing::GridHarness h;
    SystemRecords records(h.grid);
    const Bytes document = document_from_json("1").value();
    records.set("$sys/session/7", document);
    records.erase("$sys/session/7");
    EXPECT_FALSE(records.has_work());
    records.set("$sys/session/8", document);
    records.write(h.now_ns);
    h.grid.publish();
    EXPECT_TRUE(h.get("$sys/session/8"));
    records.erase("$sys/session/8");
    EXPECT_TRUE(records.has_work());
    records.write(h.now_ns);
    h.grid.publish();
    EXPECT_FALSE(h.get("$sys/session/8"));
}

}  // namespace
}  // namespace ringside::broker
