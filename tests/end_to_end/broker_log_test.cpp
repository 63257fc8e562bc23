#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ringside/client.hpp"
#include "tests/support/host.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// The broker's log lines about refused requests, and their destination.
namespace ringside {
namespace {

using testing::eventually;
using testing::GridFiles;
using testing::is_ready;
using testing::long_enough;
using testing::Process;
using testing::TemporaryDirectory;

std::vector<std::string> lines_with(const std::string& log, const std::string& text) {
    std::vector<std::string> found;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        if (line.find(text) != std::string::npos) found.push_back(line);
    }
    return found;
}

TEST(BrokerLog, FullGridLeavesFoldedLines) {
    const GridFiles files;
    Process broker(files.broker());
    ASSERT_TRUE(is_ready(broker));
    Client client = Client::attach({.grid = files.grid()}).value();
    const std::string text = '"' + std::string(16'000, 'x') + '"';
    int refused = 0;
    for (int i = 0; refused < 500; ++i) {
        const auto put = client.put("r/" + std::to_string(i), text);
        if (put) continue;
        ASSERT_EQ(put.error(), Errc::grid_full);
        ++refused;
    }
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    const auto lines = lines_with(broker.errors(), "grid_full: ");
    ASSERT_FALSE(lines.empty());
    EXPECT_LE(lines.size(), 100U) << "of 500 refusals";
    EXPECT_NE(lines.back().find("500 requests refused so far"), std::string::npos) << lines.back();
    EXPECT_NE(lines.back().find(" warning "), std::string::npos) << lines.back();
}

TEST(BrokerLog, RevokedPinsAreReported) {
    const GridFiles files;
    Process broker(files.broker());
    ASSERT_TRUE(is_ready(broker));
    Client client = Client::attach({.grid = files.grid()}).value();
    client.put("a", "0").value();
    const Snapshot snapshot = client.snapshot({.lease = std::chrono::milliseconds(1)}).value();
    EXPECT_TRUE(eventually([&] {
        client.put("a", "1").value();
        client.compact().value();
        return !snapshot.check();
    }));
    EXPECT_TRUE(broker.comes_to_say("snapshot_expired: 1 pins revoked so far", long_enough));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST(BrokerLog, LinesHaveAPriorityWhereStandardErrorIsTheJournal) {
    const GridFiles files;
    const auto words = files.broker();
    std::string command = "JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) exec";
    for (const std::string& word : words) command += ' ' + word;
    Process broker({"/bin/sh", "-c", command});
    ASSERT_TRUE(is_ready(broker));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    std::istringstream lines(broker.errors());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_TRUE(line.starts_with("<6>")) << line;
    }
    EXPECT_GT(count, 0);
}

TEST(BrokerLog, JsonIsChosenByOptionOrFile) {
    const TemporaryDirectory directory;
    const GridFiles files;
    const std::string config = directory / "config.toml";
    std::ofstream(config) << "log-format = 'json'\n";
    Process broker(files.broker({"--config", config}));
    ASSERT_TRUE(is_ready(broker));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    std::istringstream lines(broker.errors());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_TRUE(line.starts_with("{\"time\":\"") && line.ends_with("\"}")) << line;
    }
    EXPECT_GT(count, 0);
}

TEST(BrokerLog, HangUpDoesNotEndABrokerThatStandsBy) {
    const GridFiles files;
    Process broker(files.broker());
    ASSERT_TRUE(is_ready(broker));
    Process standby(files.broker({"--standby"}));
    ASSERT_TRUE(standby.read_line().starts_with("standby "));
    ::kill(standby.pid(), SIGHUP);
    broker.finish(SIGKILL);
    EXPECT_TRUE(is_ready(standby));
    EXPECT_EQ(standby.finish(SIGTERM), 0);
}

}  // namespace
}  // namespace ringside
