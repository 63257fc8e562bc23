#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>

#include "tests/support/raw_socket.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/gateway/http/server.hpp"

namespace ringside::testing {
namespace {

using gateway::Connection;
using ::testing::StartsWith;

class NoApplication : public gateway::Application {
public:
    gateway::Task<gateway::Response> handle(gateway::Request&) override {
        co_return gateway::Response::json("{}");
    }
    void note(const gateway::Request*, const gateway::Response&,
              std::chrono::nanoseconds) override {}
};

/// A connection whose loop runs as far as a test lets it, and whose deadlines pass when the test
/// requests it.
class GatewayConnection : public ::testing::Test {
protected:
    GatewayConnection() {
        boost::asio::ip::tcp::endpoint peer;
        connection_ = std::make_shared<Connection>(server_, acceptor_.accept(peer), peer);
        connection_->stream().socket().non_blocking(true);
        boost::asio::co_spawn(loop_.get_executor(), connection_->run(), boost::asio::detached);
    }
    ~GatewayConnection() override {
        // Its coroutine must not outlive the server.
        connection_->cut();
        while (connection_.use_count() > 1) loop_.poll_one();
    }

    [[nodiscard]] std::size_t unread_bytes() { return connection_->stream().socket().available(); }
    /// Sends bytes and runs the loop until the connection has taken them from the kernel. The
    /// handler that parses them has not run then.
    void send_and_take(const std::string& bytes) {
        ASSERT_TRUE(client_.send(bytes));
        ASSERT_TRUE(eventually([&] { return unread_bytes() == bytes.size(); }));
        while (unread_bytes() > 0) loop_.poll_one();
    }
    void pass_deadline() {
        connection_->check(Connection::Clock::time_point::max() - std::chrono::seconds(1));
    }

    boost::asio::io_context loop_{1};
    NoApplication application_;
    gateway::Server server_{loop_, application_, {}, nullptr};
    boost::asio::basic_socket_acceptor<gateway::Tcp, gateway::Executor> acceptor_{
        loop_.get_executor(), {boost::asio::ip::address_v4::loopback(), 0}};
    const RawSocket client_{acceptor_.local_endpoint().port()};
    std::shared_ptr<Connection> connection_;
};

TEST_F(GatewayConnection, HeaderThatIsLateWhileMoreOfItComesIs408) {
    // Fills one read, so that the next one begins with the rest.
    std::string header = "GET / HTTP/1.1\r\nA: ";
    header.resize(8192, 'x');
    send_and_take(header);
    ASSERT_TRUE(client_.send("x"));
    ASSERT_TRUE(eventually([&] { return unread_bytes() > 0; }));
    // Parses the first part and takes the rest, whose handler has not run when the loop stops.
    while (unread_bytes() > 0) loop_.poll_one();
    pass_deadline();
    loop_.poll();
    EXPECT_THAT(client_.receive(), ::testing::Optional(StartsWith("HTTP/1.1 408 ")));
}

TEST_F(GatewayConnection, RequestThatBeginsWhenTheIdleTimeIsOverIsAnswered) {
    send_and_take("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    pass_deadline();
    loop_.poll();
    EXPECT_THAT(client_.receive(), ::testing::Optional(StartsWith("HTTP/1.1 200 ")));
}

}  // namespace
}  // namespace ringside::testing
