#include <fstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/built_paths.hpp"

/// `listen`: real programs, real shells.
namespace ringside {
namespace {

using testing::CliTest;
using testing::eventually;
using testing::Process;
using testing::TemporaryDirectory;

class ListenCommandTest : public CliTest {
protected:
    TemporaryDirectory directory_;

    [[nodiscard]] std::unique_ptr<Process> listen(const std::string& pattern,
                                                  const std::string& command) const {
        auto listener = start({"listen", pattern, "--exec", command});
        EXPECT_EQ(listener->read_line(), R"({"listens":")" + pattern + R"("})");
        return listener;
    }
    [[nodiscard]] std::string command_that_stays() const {
        return "echo $$ > '" + (directory_ / "pid") + "'; exec sleep 1000";
    }
    [[nodiscard]] pid_t command() const {
        pid_t pid = 0;
        EXPECT_TRUE(eventually([&] { return !!(std::ifstream(directory_ / "pid") >> pid); }));
        return pid;
    }
    static std::string line(const std::string& kind, const std::string& more = "") {
        return R"({"kind":")" + kind + R"(","subject":"clock/1")" + more + "}";
    }
};

TEST_F(ListenCommandTest, ACommandRunsWhileItsNameIsWatched) {
    const auto listener = listen("clock/*", command_that_stays());
    const auto watcher = start({"watch", "clock/1"});
    EXPECT_EQ(listener->read_line(), line("wanted"));
    EXPECT_EQ(listener->read_line(), line("provided"));
    EXPECT_EQ(kill(command(), 0), 0);
    EXPECT_EQ(watcher->finish(SIGTERM), 0);
    EXPECT_EQ(listener->read_line(), line("unwanted"));
    EXPECT_TRUE(eventually([&] { return kill(command(), 0) != 0; }));
    EXPECT_EQ(listener->finish(SIGTERM), 0);
}

TEST_F(ListenCommandTest, WatchersSeeWhetherAProviderExists) {
    const auto listener = listen("clock/*", command_that_stays());
    const auto watcher = start({"watch", "clock/1", "--providers"});
    EXPECT_NE(watcher->read_line().find(R"({"kind":"provided","name":"clock/1")"),
              std::string::npos);
    EXPECT_TRUE(comes_to_show("providers --json", R"("subject":"clock/1")"));
    EXPECT_EQ(listener->finish(SIGTERM), 0);
    EXPECT_NE(watcher->read_line().find(R"({"kind":"unprovided","name":"clock/1")"),
              std::string::npos);
}

TEST_F(ListenCommandTest, CommandsEndWithTheListener) {
    const auto listener = listen("clock/*", command_that_stays());
    const auto watcher = start({"watch", "clock/1"});
    const pid_t pid = command();
    EXPECT_EQ(listener->finish(SIGTERM), 0);
    EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(ListenCommandTest, CommandsEndWithAListenerThatIsKilled) {
    const auto listener = listen("clock/*", command_that_stays());
    const auto watcher = start({"watch", "clock/1"});
    const pid_t pid = command();
    listener->finish(SIGKILL);
    EXPECT_TRUE(eventually([&] { return kill(pid, 0) != 0; }));
}

TEST_F(ListenCommandTest, ACommandThatHasDoneItsWorkHasProvided) {
    const auto listener =
        listen("clock/*", std::string(built::cli) + R"( put "$RINGSIDE_SUBJECT" 12)");
    const auto watcher = start({"watch", "clock/1", "--initial"});
    EXPECT_NE(watcher->read_line().find(R"("document":12)"), std::string::npos);
    EXPECT_EQ(listener->read_line(), line("wanted"));
    EXPECT_EQ(listener->read_line(), line("provided"));
}

TEST_F(ListenCommandTest, TheNextListenerIsAskedWhenACommandFails) {
    const auto watcher = start({"watch", "clock/1"});
    const auto failing = listen("clock/*", "exit 7");
    EXPECT_EQ(failing->read_line(), line("wanted"));
    EXPECT_EQ(failing->read_line(), line("failed", R"(,"status":7)"));
    const auto next = listen("clock/1", command_that_stays());
    EXPECT_EQ(next->read_line(), line("wanted"));
    EXPECT_EQ(next->read_line(), line("provided"));
}

TEST_F(ListenCommandTest, TheNextListenerIsAskedWhenACommandFailsLater) {
    const auto failing = listen(
        "clock/*", "until test -e '" + (directory_ / "go") + "'; do sleep 0.01; done; exit 7");
    const auto watcher = start({"watch", "clock/1"});
    EXPECT_EQ(failing->read_line(), line("wanted"));
    EXPECT_EQ(failing->read_line(), line("provided"));
    const auto next = listen("clock/1", command_that_stays());
    std::ofstream(directory_ / "go") << "";
    EXPECT_EQ(failing->read_line(), line("failed", R"(,"status":7)"));
    EXPECT_EQ(next->read_line(), line("wanted"));
    EXPECT_EQ(next->read_line(), line("provided"));
}

}  // namespace
}  // namespace ringside
