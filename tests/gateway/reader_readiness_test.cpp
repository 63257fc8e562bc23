#include "tools/gateway/grid/reader_readiness.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>

#include "tests/support/test_grid.hpp"
#include "tools/gateway/grid/session_maker.hpp"

namespace ringside::gateway {
namespace {

using testing::eventually;
using testing::TestGrid;

/// A reader as the gateway's loop has it: it does not wait for a broker.
class ReaderReadinessTest : public ::testing::Test {
protected:
    ReaderReadinessTest() {
        Client::attach({.grid = grid_.name(), .timeout = testing::soon})
            .value()
            .put("a", "1")
            .value();
    }
    /// The reader has lost its session with a grid that has ended.
    void end_grid() {
        grid_.stop();
        ASSERT_TRUE(eventually([&] {
            const auto read = reader_.snapshot();
            return !read && read.error() == Errc::no_such_grid;
        }));
    }
    /// Another grid serves, and its broker does not answer.
    void start_stopped_grid() {
        grid_.start();
        kill(grid_.broker(), SIGSTOP);
    }
    void begin(ReaderReadiness& readiness) {
        boost::asio::co_spawn(loop_, readiness.wait(), [this](const std::exception_ptr& thrown) {
            EXPECT_FALSE(thrown);
            is_done_ = true;
        });
        run_until([&] { return is_done_ || readiness.waiting() == 1; });
    }
    template <class Condition>
    void run_until(Condition holds) {
        EXPECT_TRUE(eventually([&] {
            loop_.restart();
            loop_.run_for(std::chrono::milliseconds(1));
            return holds();
        }));
    }

    TestGrid grid_;
    boost::asio::io_context loop_{1};
    Client reader_ = Client::attach(SessionMaker::options_of(grid_.name(), "test")).value();
    bool is_done_ = false;
};

TEST_F(ReaderReadinessTest, DoesNotDelayWhereTheGridCanBeRead) {
    ReaderReadiness readiness(loop_.get_executor(), reader_, testing::never);
    begin(readiness);
    EXPECT_TRUE(is_done_);
}

TEST_F(ReaderReadinessTest, DoesNotDelayWhereThereIsNoGrid) {
    end_grid();
    ReaderReadiness readiness(loop_.get_executor(), reader_, testing::never);
    begin(readiness);
    EXPECT_TRUE(is_done_);
}

TEST_F(ReaderReadinessTest, DelaysUntilTheNextGridHasAcceptedTheSession) {
    end_grid();
    start_stopped_grid();
    ReaderReadiness readiness(loop_.get_executor(), reader_, testing::never);
    begin(readiness);
    EXPECT_FALSE(is_done_);
    EXPECT_EQ(reader_.snapshot().error(), Errc::no_broker);
    kill(grid_.broker(), SIGCONT);
    run_until([&] { return is_done_; });
    EXPECT_TRUE(reader_.snapshot());
    EXPECT_EQ(readiness.waiting(), 0U);
}

TEST_F(ReaderReadinessTest, EndsTheDelayWhenItsTimeIsOver) {
    end_grid();
    start_stopped_grid();
    ReaderReadiness readiness(loop_.get_executor(), reader_, std::chrono::milliseconds(20));
    begin(readiness);
    run_until([&] { return is_done_; });
    EXPECT_EQ(reader_.snapshot().error(), Errc::no_broker);
    kill(grid_.broker(), SIGCONT);
}

}  // namespace
}  // namespace ringside::gateway
