#include <gtest/gtest.h>

#include "tests/support/cli_test.hpp"
#include "tests/support/raw_socket.hpp"

/// `ringside metrics`, for a node exporter and as an exporter.
namespace ringside::testing {
namespace {

class MetricsCommand : public CliTest {};

TEST_F(MetricsCommand, PrintsTheFiguresOfALivingAndOfADeadBroker) {
    ASSERT_EQ(run(R"(put kafka/g/@source/1 '{"state":"held","dead_letters":4}')").status, 0);
    for (const char* up : {"\nringside_up 1\n", "\nringside_up 0\n"}) {
        const Outcome printed = run("metrics");
        EXPECT_EQ(printed.status, 0);
        EXPECT_NE(printed.output.find(up), std::string::npos) << printed.output;
        EXPECT_NE(printed.output.find("\nringside_records 1\n"), std::string::npos);
        EXPECT_NE(printed.output.find(
                      "ringside_kafka_source_dead_letters_total{group=\"g\",member=\"1\"} 4"),
                  std::string::npos);
        grid_.kill_broker();
    }
}

TEST_F(MetricsCommand, AnswersWithoutTheBrokerWhenItHangs) {
    ASSERT_EQ(run(R"(put kafka/g/@source/1 '{"state":"held","dead_letters":4}')").status, 0);
    ASSERT_TRUE(comes_to_show("metrics", "\nringside_sessions_opened_total 1\n"));
    ASSERT_EQ(::kill(grid_.broker(), SIGSTOP), 0);
    const Outcome printed = run("metrics");
    EXPECT_EQ(printed.status, 0);
    EXPECT_NE(
        printed.output.find("ringside_kafka_source_dead_letters_total{group=\"g\",member=\"1\"} 4"),
        std::string::npos)
        << printed.output;
    EXPECT_NE(printed.output.find("\nringside_commit_duration_seconds_bucket{le="),
              std::string::npos);
    EXPECT_NE(printed.output.find("\nprocess_resident_memory_bytes{program=\"ringside-broker\"} "),
              std::string::npos);
    ASSERT_EQ(::kill(grid_.broker(), SIGCONT), 0);
    const Outcome after = run("metrics");
    EXPECT_NE(after.output.find("\nringside_sessions_opened_total 1\n"), std::string::npos)
        << "no metrics were read through a session";
}

TEST_F(MetricsCommand, SaysThatThereIsNoGrid) {
    const Outcome refused = shell(std::string(built::cli) + " -g no-grid-of-that-name metrics");
    EXPECT_EQ(refused.status, 3) << refused.output;
}

TEST_F(MetricsCommand, ServesThemUntilItIsEnded) {
    const auto server = start({"metrics", "--listen", "127.0.0.1:0"});
    const std::string ready = server->read_line();
    ASSERT_TRUE(ready.starts_with("ready 127.0.0.1:")) << ready;
    const auto port = static_cast<std::uint16_t>(std::stoul(ready.substr(ready.rfind(':') + 1)));
    const auto answer_to = [&](const std::string& request) {
        RawSocket socket(port);
        socket.send(request);
        return socket.read_to_end();
    };
    const std::string idle_begin = "GET /metr";
    RawSocket idle(port);  // does not delay others
    idle.send(idle_begin);
    for (const char* up : {"\nringside_up 1\n", "\nringside_up 0\n"}) {
        const std::string answer = answer_to("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
        EXPECT_NE(answer.find("text/plain; version=0.0.4"), std::string::npos);
        EXPECT_NE(answer.find(up), std::string::npos) << answer;
        grid_.kill_broker();
    }
    EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(answer_to("PUT /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                    .starts_with("HTTP/1.1 405 "));
    EXPECT_EQ(server->finish(SIGTERM), 0);
}

TEST_F(MetricsCommand, InvalidAddressIsRefused) {
    for (const char* address : {"nowhere", "127.0.0.1", "127.0.0.1:x", ":1", "127.0.0.1:99999"}) {
        const Outcome refused = run(std::string("metrics --listen ") + address);
        EXPECT_EQ(refused.status, 2) << address << refused.output;
    }
}

}  // namespace
}  // namespace ringside::testing
