#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "tests/support/host.hpp"

/// A broker whose clients are in another PID namespace, as between containers.
namespace ringside {
namespace {

using testing::GridFiles;
using testing::is_ready;
using testing::Process;

TEST(PidNamespace, SessionsOfOtherNamespacesAreShownWithoutANumber) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    {
        Process trial({"/usr/bin/unshare", "-p", "-f", "/bin/true"});
        if (trial.finish(0) != 0) GTEST_SKIP() << "cannot make a PID namespace here";
    }
    const GridFiles files;
    std::vector<std::string> command{"/usr/bin/unshare", "-p", "-f", "--kill-child"};
    for (const std::string& word : files.broker()) command.push_back(word);
    Process broker(command);
    ASSERT_TRUE(is_ready(broker));
    Client client = Client::attach({.grid = files.grid(), .program = "outside"}).value();
    EXPECT_TRUE(client.put("a", "1"));
    Process sessions({built::cli, "-g", files.grid(), "sessions"});
    bool has_line = false;
    for (std::string line = sessions.read_line(); !line.empty(); line = sessions.read_line()) {
        if (line.find("outside") == std::string::npos) continue;
        has_line = true;
        EXPECT_NE(line.find(" - "), std::string::npos) << line;
    }
    EXPECT_TRUE(has_line);
    EXPECT_EQ(sessions.finish(0), 0);
}

}  // namespace
}  // namespace ringside
