#include "broker/reactor/reactor.hpp"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

#include "broker/engine/survey.hpp"
#include "broker/reactor/handover.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_grid.hpp"

/// The exchange between reactor and engine while the engine is in a long turn.
namespace ringside::broker {
namespace {

using testing::EngineHarness;
using testing::eventually;
using testing::RawClient;
using testing::SessionClient;

TEST(HandoverQueue, KeepsWhatDoesNotFitInItsOrder) {
    HandoverQueue<int> queue(4);
    for (int i = 0; i < 20; ++i) queue.push(i);
    EXPECT_TRUE(queue.has_backlog());
    for (int expected = 0; expected < 20;) {
        int taken = -1;
        while (queue.pop(taken)) EXPECT_EQ(taken, expected++);
        if (expected == 10) queue.push(20);
        queue.flush();
    }
    EXPECT_FALSE(queue.has_backlog());
}

/// A reactor whose engine continues with a segment, and a client of the former broker.
class ReactorTest : public ::testing::Test {
protected:
    static constexpr auto patience = std::chrono::seconds(60);

    ReactorTest() {
        shm::SessionEntry& entry = former_.segment.view().session(0);
        entry.pid = static_cast<std::uint32_t>(getpid());
        entry.uid = getuid();
        Survey survey(former_.segment.view());
        survey.run().value();
        EngineThread& engine = reactor_.engine();
        engine.take_over(std::move(survey)).value();
        reactor_.expect(engine.absent(), client_.id);
        engine.on_store_work([this] {
            if (!is_to_block_.exchange(false)) return;
            has_blocked_.release();
            may_continue_.acquire();
        });
        engine.start().value();
        reactor_.listen().value();
        thread_ = std::thread([this] { reactor_.run(); });
    }
    ~ReactorTest() override {
        unblock();
        shm::TakeOverRequest request;
        request.layout = shm::layout_version;
        request.fingerprint = shm::layout_fingerprint();
        const RawClient successor(grid_);
        successor.send(&request, sizeof request);
        thread_.join();
        unlink(shm::GridPaths::of(grid_)->socket_path.c_str());
    }

    /// Puts the engine into a turn that lasts until `unblock`.
    void block() {
        shm::Hello hello = RawClient::hello();
        hello.user = {'a', 'n', 'n', 'a'};  // makes a commit, which notifies the store
        is_to_block_ = true;
        present_.emplace(grid_);
        ASSERT_TRUE(present_->say(hello));
        ASSERT_TRUE(has_blocked_.try_acquire_for(patience));
        is_blocked_ = true;
    }
    void unblock() {
        if (std::exchange(is_blocked_, false)) may_continue_.release();
    }

    /// Returns the client's memory for its resumption.
    [[nodiscard]] Descriptor memory_to_give_back(std::uint32_t reply_tail) const {
        auto memory = SessionMemory::create().value();
        std::memcpy(memory.view().base(), client_.memory.base(), shm::session_memory_bytes);
        memory.view().lane(0).broker_reply.store(reply_tail, 0);
        return memory.take_descriptor();
    }
    void ask_to_resume(const RawClient& connection, const Descriptor& memory) const {
        shm::Hello hello = RawClient::hello();
        hello.boot_id = former_.segment.view().identity().boot_id;
        hello.session = client_.id;
        hello.session_index = 0;
        const int descriptors[] = {memory.get()};
        ASSERT_TRUE(connection.send_with(&hello, sizeof hello, descriptors));
    }
    /// Makes the reactor close the connection and waits for it. Returns false if the reactor has
    /// already refused the connection.
    static bool be_dropped(RawClient& connection) {
        connection.send("x", 1);
        return connection.receive<shm::Goodbye>(patience) && connection.is_closed_within(patience);
    }

    std::string grid_ = "test-reactor-" + std::to_string(getpid());
    EngineHarness former_;
    SessionClient client_ = [this] {
        SessionClient client = former_.open();
        client.open_lane();
        former_.settle();
        return client;
    }();
    Options options_;
    Durability durability_;
    Reactor reactor_{former_.segment, options_, shm::GridPaths::of(grid_).value(), durability_};
    std::atomic<bool> is_to_block_ = false;
    bool is_blocked_ = false;
    std::binary_semaphore has_blocked_{0};
    std::binary_semaphore may_continue_{0};
    std::thread thread_;
    std::optional<RawClient> present_;
};

TEST_F(ReactorTest, RefusedResumptionDoesNotEndTheNextConnectionOfItsSession) {
    block();
    RawClient first(grid_);
    ask_to_resume(first, memory_to_give_back(4));  // no broker leaves such an index
    ASSERT_TRUE(be_dropped(first));
    RawClient second(grid_);
    ask_to_resume(second, memory_to_give_back(0));
    unblock();
    const auto welcome = second.receive<shm::Welcome>(patience);
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->error, 0U);
    EXPECT_EQ(welcome->session, client_.id);
    // The engine's earlier replies have all arrived when this client is welcomed.
    RawClient third(grid_);
    ASSERT_TRUE(third.attach());
    EXPECT_FALSE(second.is_closed_within(std::chrono::milliseconds(0)));
}

TEST_F(ReactorTest, ResumptionsInALongTurnAreRefusedBeforeTheirOrdersAreLost) {
    block();
    const Descriptor memory = memory_to_give_back(4);
    std::size_t resumed = 0;
    bool is_refused = false;
    while (!is_refused && resumed < Handover::capacity) {
        RawClient connection(grid_);
        ask_to_resume(connection, memory);
        is_refused = !be_dropped(connection);
        if (!is_refused) ++resumed;
    }
    EXPECT_TRUE(is_refused);
    EXPECT_GT(resumed, Handover::capacity / 2 - 8);
    unblock();
    // Succeeds as soon as the engine has processed its orders.
    EXPECT_TRUE(eventually([&] { return RawClient(grid_).attach(); }, patience));
}

}  // namespace
}  // namespace ringside::broker
