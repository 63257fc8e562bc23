#include <fstream>
#include <set>
#include <thread>

#include "tests/gateway/exposition.hpp"
#include "tests/gateway/gateway_test.hpp"
#include "tests/support/deepstream_client.hpp"
#include "tests/support/growing_time.hpp"

namespace ringside::testing {
namespace {

using namespace gateway::deepstream;

std::string hex(const std::string& bytes) {
    std::string out;
    for (const char byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(byte) >> 4];
        out += digits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}
std::string bytes(const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return out;
}

wire::RecordMessage write(RecordAction action, const std::string& name, std::int32_t version,
                          const std::string& data) {
    auto message = record_message(action);
    message.set_name(name);
    message.set_version(version);
    message.set_data(data);
    message.set_is_write_ack(true);
    message.set_correlation_id("w" + std::to_string(version));
    return message;
}
template <class Message, class Action>
bool is(const Message& message, Action action) {
    return message.action() == static_cast<std::int32_t>(action);
}

/// A gateway that serves deepstream's clients, with a configuration.
class DeepstreamSession : public GatewayTest {
protected:
    DeepstreamSession() { configure(""); }

    /// Restarts the gateway with further lines in [deepstream].
    void configure(const std::string& lines) {
        const std::string path = directory_ / "gateway.toml";
        std::ofstream(path) << "[deepstream]\nheartbeat_interval_ms = 3600000\n" << lines;
        gateway_.stop();
        gateway_.set_options({"--config", path});
        gateway_.start();
    }
    TemporaryDirectory directory_;
};

TEST_F(DeepstreamSession, SpeaksTheGoldenFrames) {
    DeepstreamClient client(gateway_.port());
    client.send_bytes(bytes(
        "3f10021a3b08052a1e77733a2f2f3132372e302e302e313a363133302f6465657073747265616d3204302e3161"
        "3a05372e302e35420a6a617661736372697074"));
    EXPECT_EQ(hex(client.receive_bytes()), "0610021a020804");
    client.send_bytes(bytes("0610021a020802"));  // not answered before the login
    client.send_bytes(bytes("1810031a14080212107b22757365726e616d65223a2241227d"));
    EXPECT_EQ(hex(client.receive_bytes()), "0610031a020803");
    client.send_bytes(bytes("0610021a020802"));
    EXPECT_EQ(hex(client.receive_bytes()), "0610021a020803");
    client.send_bytes(bytes("0e10051a0a08171a01303a03722f31"));
    EXPECT_EQ(hex(client.receive_bytes()), "1010051a0c08171a013028013a03722f31");
    EXPECT_EQ(hex(client.receive_bytes()), "1110051a0d080412027b7d3203722f316800");
    client.send_bytes(bytes("1b10051a17081212077b2278223a317d1a01313203722f3158016801"));
    EXPECT_EQ(hex(client.receive_bytes()), "1010051a0c080e1a01313203722f315801");
    // Garbage is answered and does not end the connection.
    client.send_bytes(bytes("ffff"));
    EXPECT_EQ(hex(client.receive_bytes()), "0610011a020801");
    client.send_bytes(bytes("0610081a020801"));
    EXPECT_EQ(hex(client.receive_bytes()), "0610011a020801");
    client.send_bytes(bytes("0d10051a0908053205") + "r/1");  // truncated
    EXPECT_EQ(hex(client.receive_bytes()), "0610011a020801");
}

TEST_F(DeepstreamSession, AVersionIsThatOfTheGridMinusOne) {
    DeepstreamClient client(gateway_.port(), "ann");
    client.send(write(RecordAction::create_and_update, "n", -1, R"({"a":1})"));
    EXPECT_TRUE(is(client.receive<wire::RecordMessage>(), RecordAction::write_acknowledgement));
    EXPECT_EQ(client_.get("n").value().version(), 2U);
    client_.put("n", R"({"a":2})").value();
    auto head = record_message(RecordAction::head);
    head.set_name("n");
    client.send(head);
    EXPECT_EQ(client.receive<wire::RecordMessage>().version(), 2);
    client.send(write(RecordAction::update, "n", 3, R"({"a":3})"));
    EXPECT_TRUE(is(client.receive<wire::RecordMessage>(), RecordAction::write_acknowledgement));
    EXPECT_EQ(client_.get("n").value().version(), 4U);
}

TEST_F(DeepstreamSession, ConflictFollowsTheWinningChangeAndSettlesTheWrite) {
    DeepstreamClient client(gateway_.port(), "ann");
    auto subscribe = record_message(RecordAction::subscribe_create_and_read);
    subscribe.add_names("n");
    client.send(subscribe);
    static_cast<void>(client.receive<wire::RecordMessage>());
    static_cast<void>(client.receive<wire::RecordMessage>());
    for (int round = 0; round < 100; ++round) {
        client_.put("n", R"({"by":"grid"})").value();
        client.send(write(RecordAction::update, "n", round + 1, R"({"by":"ann"})"));
        EXPECT_TRUE(is(client.receive<wire::RecordMessage>(), RecordAction::update));
        EXPECT_TRUE(is(client.receive<wire::RecordMessage>(), RecordAction::version_exists));
        const auto settled = client.receive<wire::RecordMessage>();
        EXPECT_TRUE(is(settled, RecordAction::record_update_error));
        EXPECT_TRUE(settled.is_write_ack());
    }
    EXPECT_EQ(client_.get("n").value().document()["by"].as_string(), "grid");
}

TEST_F(DeepstreamSession, ClientThatHasAnsweredNoPingGetsFew) {
    DeepstreamClient client(gateway_.port(), "ann");
    auto subscribe = record_message(RecordAction::subscribe_create_and_read);
    subscribe.add_names("n");
    client.send(subscribe);
    static_cast<void>(client.receive<wire::RecordMessage>());
    static_cast<void>(client.receive<wire::RecordMessage>());
    auto read = record_message(RecordAction::read);
    read.set_name("n");
    for (int i = 0; i < 500; ++i) client.send(read);
    auto last = record_message(RecordAction::head);
    last.set_name("the-last");
    client.send(last);
    const std::size_t pings = client.pings_until("the-last");
    EXPECT_GE(pings, 1U);
    EXPECT_LE(pings, 8U);
}

TEST_F(DeepstreamSession, OwnWritesAreNotDelivered) {
    DeepstreamClient client(gateway_.port(), "ann");
    auto subscribe = record_message(RecordAction::subscribe_create_and_read);
    subscribe.add_names("n");
    client.send(subscribe);
    static_cast<void>(client.receive<wire::RecordMessage>());
    static_cast<void>(client.receive<wire::RecordMessage>());
    constexpr int count = 2000;
    for (int i = 1; i <= count; ++i) {
        client.send(write(RecordAction::update, "n", i, R"({"i":)" + std::to_string(i) + '}'));
    }
    for (int i = 1; i <= count; ++i) {
        const auto ack = client.receive<wire::RecordMessage>();
        ASSERT_TRUE(is(ack, RecordAction::write_acknowledgement)) << ack.action() << " at " << i;
        EXPECT_EQ(ack.correlation_id(), "w" + std::to_string(i));
    }
    client_.put("n", R"({"i":-1})").value();
    EXPECT_EQ(client.receive<wire::RecordMessage>().version(), count + 1);
}

TEST_F(DeepstreamSession, AllChangesOfOneCommitAreDelivered) {
    DeepstreamClient client(gateway_.port(), "ann");
    auto subscribe = record_message(RecordAction::subscribe_and_read);
    subscribe.add_names("n");
    client.send(subscribe);
    static_cast<void>(client.receive<wire::RecordMessage>());
    EXPECT_EQ(client.receive<wire::RecordMessage>().version(), -1);
    // A record that a write creates begins empty, in the same commit.
    DeepstreamClient other(gateway_.port(), "bob");
    other.send(write(RecordAction::create_and_update, "n", -1, R"({"a":1})"));
    const auto made = client.receive<wire::RecordMessage>();
    EXPECT_EQ(made.data(), "{}");
    EXPECT_EQ(made.version(), 0);
    const auto written = client.receive<wire::RecordMessage>();
    EXPECT_EQ(written.data(), R"({"a":1})");
    EXPECT_EQ(written.version(), 1);
}

TEST_F(DeepstreamSession, SlowClientLearnsOfARemovedRecord) {
    DeepstreamClient client(gateway_.port(), "ann");
    constexpr int count = 600;
    auto subscribe = record_message(RecordAction::subscribe_create_and_read);
    for (int i = 0; i < count; ++i) subscribe.add_names("n/" + std::to_string(i));
    client.send(subscribe);
    static_cast<void>(client.receive<wire::RecordMessage>());
    for (int i = 0; i < count; ++i) {
        ASSERT_TRUE(is(client.receive<wire::RecordMessage>(), RecordAction::read_response));
    }
    // More than can be under way, then the end of all connections.
    const std::string json = R"({"x":")" + std::string(32'768, 'x') + R"("})";
    for (int i = 0; i < count; ++i) client_.put("n/" + std::to_string(i), json).value();
    for (int i = 0; i < count; ++i) client_.remove("n/" + std::to_string(i)).value();
    std::set<std::string> ended;
    while (ended.size() < count) {
        const auto told = client.receive<wire::RecordMessage>();
        if (is(told, RecordAction::deleted)) ended.insert(told.name());
    }
    client.send(message_of<wire::ConnectionMessage>(ConnectionAction::ping));
    EXPECT_EQ(hex(client.receive_bytes()), "0610021a020803") << "and nothing else is told";
}

TEST_F(DeepstreamSession, AReadComesAfterTheWritesThatWereSentBefore) {
    DeepstreamClient client(gateway_.port(), "ann");
    for (int i = 1; i <= 200; ++i) {
        client.send(
            write(RecordAction::create_and_update, "n", -1, R"({"i":)" + std::to_string(i) + '}'));
        auto read = record_message(RecordAction::read);
        read.set_name("n");
        client.send(read);
        EXPECT_TRUE(is(client.receive<wire::RecordMessage>(), RecordAction::write_acknowledgement));
        EXPECT_EQ(client.receive<wire::RecordMessage>().data(),
                  R"({"i":)" + std::to_string(i) + '}');
    }
}

TEST_F(DeepstreamSession, BadJsonEndsTheConnectionThatSentItAndNoOther) {
    DeepstreamClient other(gateway_.port(), "bob");
    for (const auto action : {RecordAction::update, RecordAction::create_and_update}) {
        DeepstreamClient client(gateway_.port(), "ann");
        client.send(write(action, "n", -1, "{oops"));
        bool was_told = false;
        while (!was_told) {
            const auto told = client.receive<wire::RecordMessage>();
            was_told = is(told, RecordAction::invalid_message_data) ||
                       is(told, RecordAction::record_update_error);
        }
        EXPECT_TRUE(client.close_code() == 1007 || action == RecordAction::update);
    }
    EXPECT_FALSE(client_.get("n"));
    other.send(message_of<wire::ConnectionMessage>(ConnectionAction::ping));
    EXPECT_EQ(hex(other.receive_bytes()), "0610021a020803") << "pong";
}

TEST_F(DeepstreamSession, SilentClientIsDisconnected) {
    configure("unauthenticated_timeout_ms = 1\n");
    DeepstreamClient client(gateway_.port());
    EXPECT_TRUE(
        is(client.receive<wire::ConnectionMessage>(), ConnectionAction::authentication_timeout));
    EXPECT_EQ(client.close_code(), 1008U);
}

TEST_F(DeepstreamSession, ClientThatDoesNotLogInIsDisconnected) {
    EXPECT_TRUE(with_growing_limit([&](std::chrono::milliseconds limit) {
        configure("unauthenticated_timeout_ms = " + std::to_string(limit.count()) + '\n');
        DeepstreamClient client(gateway_.port());
        client.send(message_of<wire::ConnectionMessage>(ConnectionAction::challenge));
        const auto told = client.receive<wire::ConnectionMessage>();
        if (is(told, ConnectionAction::authentication_timeout)) return false;
        EXPECT_TRUE(is(told, ConnectionAction::accept));
        EXPECT_TRUE(is(client.receive<wire::ConnectionMessage>(),
                       ConnectionAction::authentication_timeout));
        EXPECT_EQ(client.close_code(), 1008U);
        return true;
    }));
}

TEST_F(DeepstreamSession, AMessageThatIsTooLargeEndsTheConnection) {
    configure("max_message_bytes = 1024\n");
    DeepstreamClient client(gateway_.port(), "ann");
    client.send_bytes(std::string(1025, 'x'));
    EXPECT_EQ(client.close_code(), 1009U);
}

TEST_F(DeepstreamSession, TextEndsTheConnection) {
    WsClient client(gateway_.port(), "/deepstream");
    client.send("hello");
    EXPECT_EQ(client.close_code(), 1003U);
}

TEST_F(DeepstreamSession, ServesManyOfWhomSomeAreSlowAndSomeAreDead) {
    constexpr int count = 1000;
    std::vector<std::unique_ptr<DeepstreamClient>> clients;
    for (int i = 0; i < count; ++i) {
        clients.push_back(
            std::make_unique<DeepstreamClient>(gateway_.port(), "user-" + std::to_string(i)));
        auto subscribe = event_message(EventAction::subscribe);
        subscribe.add_names("news");
        clients.back()->send(subscribe);
        static_cast<void>(clients.back()->receive<wire::EventMessage>());
    }
    // Every tenth ends without notice; every tenth reads nothing.
    for (int i = 0; i < count; i += 10) clients[static_cast<std::size_t>(i)].reset();
    const std::string json = '"' + std::string(16'384, 'x') + '"';
    constexpr int events = 100;
    std::thread publisher([&] {
        for (int n = 0; n < events; ++n) client_.publish("news", json).value();
    });
    for (int i = 0; i < count; ++i) {
        if (i % 10 == 0 || i % 10 == 1) continue;
        for (int n = 0; n < events; ++n) {
            const auto told = clients[static_cast<std::size_t>(i)]->receive<wire::EventMessage>();
            ASSERT_EQ(told.data().size(), json.size()) << "client " << i << ", event " << n;
        }
    }
    publisher.join();
    HttpClient http(gateway_.port());
    EXPECT_TRUE(eventually([&] {
        const auto metrics = Exposition::parse(http.get("/metrics").body);
        return metrics.value("ringside_gateway_websockets") <= count - count / 10;
    })) << "who has died is still there";
}

}  // namespace
}  // namespace ringside::testing
