#include <gtest/gtest.h>
#include <pty.h>

#include "tests/support/cli_test.hpp"

/// `ringside top` as an operator sees it, and what `inspect` says of refusals.
namespace ringside::testing {
namespace {

class TopCommand : public CliTest {};

TEST_F(TopCommand, ShowsAKilledBrokerAsGoneBeforeItsNextLook) {
    const auto top = start({"top", "--interval", "3600"});
    const auto sleeping = start({"top", "--interval", "0.05"});
    // Its first line says that it has looked at the living broker.
    EXPECT_NE(sleeping->read_line().find("broker serving"), std::string::npos);

    grid_.kill_broker();

    EXPECT_TRUE(
        eventually([&] { return sleeping->read_line().find("broker gone") != std::string::npos; }));
    EXPECT_EQ(sleeping->finish(0), 3);
    EXPECT_EQ(top->finish(0), 3) << "an hour before its look";
}

TEST_F(TopCommand, EndsAtTheKeyQ) {
    int terminal = -1;
    const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        execl(built::cli, built::cli, "-g", grid_.name().c_str(), "top", "--interval", "3600",
              nullptr);
        _exit(127);
    }
    const Descriptor owned(terminal);
    ASSERT_EQ(write(terminal, "q", 1), 1);
    int status = 0;
    EXPECT_TRUE(eventually([&] {
        char ignored[256];
        pollfd printed{terminal, POLLIN, 0};
        if (poll(&printed, 1, 0) == 1) (void)!read(terminal, ignored, sizeof ignored);
        return waitpid(pid, &status, WNOHANG) == pid;
    }));
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    if (!WIFEXITED(status)) ::kill(pid, SIGKILL);
}

TEST_F(TopCommand, ShowsDeadLettersOfSourcesAndMessagesLeftOutBySinks) {
    ASSERT_EQ(
        run(R"(put kafka/g/@source/1 '{"state":"following","rate":5,"lag":2,"dead_letters":7}')")
            .status,
        0);
    ASSERT_EQ(run(R"(put kafka/s/@sink/1 '{"state":"running","rate":5,"behind":2,"too_large":3}')")
                  .status,
              0);
    const Outcome shown = run("top --interval 0.05 --count 1");
    EXPECT_NE(shown.output.find("source g following  5/s  lag 2  dead_letters 7"),
              std::string::npos)
        << shown.output;
    EXPECT_NE(shown.output.find("sink s running  5/s  behind 2  too_large 3"), std::string::npos)
        << shown.output;
}

TEST_F(TopCommand, InspectCountsRefusalsByTheirError) {
    EXPECT_EQ(run("put --if-absent a 1").status, 0) << run("put --help").output;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run("put --if-absent a 1").status, 1);
    EXPECT_TRUE(comes_to_show("inspect --json",
                              R"("refusals":[{"error":"condition_failed","requests":3}])"))
        << run("inspect --json").output;
    EXPECT_NE(run("inspect").output.find("condition_failed"), std::string::npos);
}

}  // namespace
}  // namespace ringside::testing
