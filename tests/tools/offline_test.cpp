#include <gtest/gtest.h>

#include <algorithm>

#include "ringside/client.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// Reading the segment of a dead broker.
namespace ringside::testing {
namespace {

class Offline : public CliTest {
protected:
    void SetUp() override {
        Client client = Client::attach({.grid = grid_.name()}).value();
        for (int i = 0; i < 300; ++i)
            client.put("r/" + std::to_string(i), "{\"n\":" + std::to_string(i) + "}").value();
        client.put("large", large()).value();
    }
    /// Returns a document of several pages.
    static std::string large() {
        std::string json = "[\"" + std::string(500, 'x') + '"';
        for (int i = 0; i < 5000; ++i) json += "," + std::to_string(i);
        return json + "]";
    }
    static auto count_lines(const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    }

    TemporaryDirectory directory_;
};

TEST_F(Offline, CommandsThatReadWorkOnTheSegmentOfADeadBroker) {
    const Outcome dumped = run("dump");
    grid_.kill_broker();
    expect("get --offline r/7", R"({"n":7})");
    expect("get --offline r/7 /n", "7");
    expect("get --offline large", large());
    EXPECT_EQ(count_lines(run("ls --offline").output), 301);
    EXPECT_EQ(count_lines(run("scan --offline 'r/*'").output), 300);
    EXPECT_EQ(run("dump --offline").output, dumped.output);
    expect_status("get --offline nothing", 1);
}

TEST_F(Offline, QueryAnswersFromTheSegmentOfADeadBroker) {
    if (run("query --help").status != 0) GTEST_SKIP() << "built without SQL";
    grid_.kill_broker();
    expect(
        "query --offline --format csv \"SELECT sum(document ->> 'n') AS s FROM records "
        "WHERE name GLOB 'r/*'\"",
        "s\n44850");
    EXPECT_EQ(run("query --offline --live 'SELECT name FROM records'").status, 2);
}

TEST_F(Offline, BackupOfADeadBrokersSegmentStartsAGrid) {
    grid_.kill_broker();
    const std::string other = grid_.name() + "-other";
    const Outcome made = run("backup --offline --as " + other + ' ' + directory_ / "backup");
    EXPECT_EQ(made.status, 0) << made.output;
    EXPECT_EQ(number_in(made.output, "records"), 301U);
    Process broker({built::broker, "--grid", other, "--data", directory_ / "backup"});
    ASSERT_TRUE(broker.read_line().starts_with("ready "));
    EXPECT_EQ(shell(std::string(built::cli) + " -g " + other + " get r/7").output, "{\"n\":7}\n");
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Offline, IsRefusedWhileTheBrokerLives) {
    for (const std::string& command :
         {std::string("get --offline r/7"), std::string("ls --offline"),
          "backup --offline " + directory_ / "backup"}) {
        const Outcome refused = run(command);
        EXPECT_EQ(refused.status, 4) << command;
        EXPECT_NE(refused.output.find(std::to_string(grid_.broker())), std::string::npos)
            << refused.output;
    }
}

TEST_F(Offline, ErrorAboutADeadBrokerNamesTheFlag) {
    grid_.kill_broker();
    for (const std::string& command :
         {std::string("get r/7"), std::string("ls"), std::string("scan '**'"), std::string("dump"),
          "backup " + directory_ / "backup"}) {
        const Outcome refused = run(command);
        EXPECT_EQ(refused.status, 3) << command;
        EXPECT_NE(refused.output.find("--offline"), std::string::npos) << refused.output;
    }
    // Writing is not possible offline.
    EXPECT_EQ(run("put a 1").output.find("--offline"), std::string::npos);
}

TEST_F(Offline, EndedGridIsNotFound) {
    EXPECT_EQ(grid_.stop(), 0);
    const Outcome refused = run("get --offline r/7");
    EXPECT_EQ(refused.status, 3) << refused.output;
}

TEST_F(Offline, SnapshotExpiresWhenTheNextBrokerStarts) {
    grid_.kill_broker();
    const Client client = Client::attach({.grid = grid_.name(), .offline = true}).value();
    const Snapshot snapshot = client.snapshot().value();
    EXPECT_TRUE(snapshot.get("r/7"));
    EXPECT_FALSE(client.is_connected());

    grid_.start();

    const auto found = snapshot.get("r/7");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), Errc::snapshot_expired);
    EXPECT_EQ(client.snapshot().error(), Errc::snapshot_expired);
}

TEST_F(Offline, ClientHasNothingThatNeedsABroker) {
    grid_.kill_broker();
    Client client = Client::attach({.grid = grid_.name(), .offline = true}).value();
    EXPECT_EQ(client.get("r/7").error(), Errc::no_broker);
    EXPECT_EQ(client.put("r/7", "1").error(), Errc::no_broker);
    EXPECT_EQ(client.watch("**").error(), Errc::no_broker);
    EXPECT_EQ(client.declare_interest("a").error(), Errc::no_broker);
    EXPECT_EQ(client.provide("a").error(), Errc::no_broker);
    EXPECT_EQ(client.announce_presence("ann").error(), Errc::no_broker);
    EXPECT_EQ(client.call("a", "1").error(), Errc::no_broker);
    EXPECT_TRUE(client.indexes());
}

}  // namespace
}  // namespace ringside::testing
