#include <fstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// `publish`, `subscribe`, `call` and `provide`: real programs, real shells.
namespace ringside {
namespace {

using testing::CliTest;
using testing::eventually;
using testing::Outcome;
using testing::Process;
using testing::shell;
using testing::TemporaryDirectory;
using testing::without_writers;

class MessageCommandsTest : public CliTest {
protected:
    TemporaryDirectory directory_;

    /// Starts a provider and waits until it reports that it is registered.
    [[nodiscard]] std::unique_ptr<Process> provide(const std::string& name,
                                                   const std::string& command,
                                                   const std::string& threads = "1") const {
        auto provider = start({"provide", name, "--exec", command, "--threads", threads});
        const std::string line = provider->read_line();
        EXPECT_EQ(line, R"({"provides":")" + name + R"(","threads":)" + threads + "}");
        return provider;
    }
    [[nodiscard]] bool comes_to_be(const std::string& file) const {
        return eventually([&] { return access((directory_ / file).c_str(), F_OK) == 0; });
    }
    /// Returns a command that reports that it runs, and waits until it may end.
    [[nodiscard]] std::string command_that_waits(const std::string& answer) const {
        return "touch '" + (directory_ / "runs") + "'; until test -e '" + (directory_ / "go") +
               "'; do sleep 0.01; done; echo '" + answer + "'";
    }
    void let_go() const { std::ofstream(directory_ / "go") << ""; }
};

TEST_F(MessageCommandsTest, SubscribersReceiveEventsAndNothingIsStored) {
    auto subscriber = start({"subscribe", "gate/**", "--from", "1", "--count", "2"});
    const Outcome first = run(R"(publish gate/3/scan '{"ticket":"A12"}')");
    EXPECT_EQ(first.status, 0) << first.output;
    EXPECT_EQ(run("put gate/3 1").status, 0);
    EXPECT_EQ(shell("echo 7 | " + cli() + "publish gate/4 -").status, 0);
    EXPECT_EQ(without_writers(subscriber->read_line()),
              R"({"kind":"event","name":"gate/3/scan","revision":)" +
                  std::to_string(number_in(first.output, "revision")) +
                  R"(,"document":{"ticket":"A12"}})");
    EXPECT_NE(subscriber->read_line().find(R"("name":"gate/4")"), std::string::npos);
    EXPECT_EQ(subscriber->finish(0), 0);
    expect("ls", "gate/3");
}

TEST_F(MessageCommandsTest, WatchesShowEventsOnlyWhenAskedTo) {
    const std::string first = std::to_string(number_in(run("publish a 1").output, "revision"));
    EXPECT_EQ(run("put a 2").status, 0);
    const std::string all = run("watch a --events --from " + first + " --count 2").output;
    EXPECT_NE(all.find(R"("kind":"event","name":"a")"), std::string::npos) << all;
    const std::string changes = run("watch a --from " + first + " --count 1").output;
    EXPECT_NE(changes.find(R"("kind":"put","name":"a","version":1)"), std::string::npos) << changes;
}

TEST_F(MessageCommandsTest, ACallIsAnsweredWithWhatACommandPrints) {
    const auto provider = provide("echo/*", R"(printf '["%s",' "$RINGSIDE_CALL"; cat; echo ])");
    expect(R"(call echo/1 '{"seats":2}')", R"(["echo/1",{"seats":2}])");
    EXPECT_EQ(shell("echo '\"piped\"' | " + cli() + "call echo/2 -").output,
              "[\"echo/2\",\"piped\"]\n");
}

TEST_F(MessageCommandsTest, LargeDocumentsPassThroughACommand) {
    const auto provider = provide("echo", "cat");
    const std::string text = '"' + std::string(1 << 20, 'x') + '"';
    std::ofstream(directory_ / "large") << text;
    const Outcome outcome = run("call echo - < " + (directory_ / "large"));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.output == text + "\n") << outcome.output.size();
}

TEST_F(MessageCommandsTest, ACommandThatFailsFailsTheCall) {
    const auto provider = provide("quote", "echo 'sold out' >&2; exit 3");
    expect("call quote 1", R"({"error":"sold out","status":3})", 5);
    EXPECT_EQ(shell(cli() + "call quote 1 2>/dev/null").output, "") << "no answer on its output";
    EXPECT_EQ(provider->finish(SIGTERM), 0);
    EXPECT_NE(provider->errors().find("sold out"), std::string::npos);
}

TEST_F(MessageCommandsTest, ACommandThatPrintsNoJsonFailsTheCall) {
    const auto provider = provide("quote", "echo certainly");
    const Outcome outcome = run("call quote 1");
    EXPECT_EQ(outcome.status, 5);
    EXPECT_NE(outcome.output.find("printed no JSON"), std::string::npos) << outcome.output;
}

TEST_F(MessageCommandsTest, UnansweredCallsAreReported) {
    const Outcome outcome = run("call nobody 1");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.output.find("no provider is registered"), std::string::npos)
        << outcome.output;
}

TEST_F(MessageCommandsTest, ACommandEndsWhenItsCallerHasStoppedWaiting) {
    const auto provider =
        provide("slow", "echo $$ > '" + (directory_ / "pid") + "'; exec sleep 1000");
    pid_t command = 0;
    ASSERT_TRUE(eventually([&] {
        // On a busy machine the time may pass before the command reports that it runs.
        EXPECT_EQ(run("call slow 1 --timeout 300ms").status, 1);
        return !!(std::ifstream(directory_ / "pid") >> command);
    }));
    EXPECT_TRUE(eventually([&] { return kill(command, 0) != 0; }));
}

TEST_F(MessageCommandsTest, EndingProviderAnswersTakenCalls) {
    const auto provider = provide("slow", command_that_waits("1"));
    const auto caller = start({"call", "slow", "{}"});
    ASSERT_TRUE(comes_to_be("runs"));
    kill(provider->pid(), SIGTERM);
    let_go();
    EXPECT_EQ(caller->read_line(), "1");
    EXPECT_EQ(caller->finish(0), 0) << caller->errors();
    EXPECT_EQ(provider->finish(0), 0);
}

TEST_F(MessageCommandsTest, ThreadsAnswerAtTheSameTime) {
    // The first one waits for the other one.
    const std::string one = directory_ / "first";
    const auto provider =
        provide("pair",
                "if mkdir '" + one + "' 2>/dev/null; then until test -e '" + one +
                    "/second'; do sleep 0.01; done; else touch '" + one + "/second'; fi; echo 1",
                "2");
    const auto first = start({"call", "pair", "1"});
    const auto second = start({"call", "pair", "2"});
    EXPECT_EQ(first->finish(0), 0);
    EXPECT_EQ(second->finish(0), 0);
}

TEST_F(MessageCommandsTest, ACallThatMayBeDoneTwiceSurvivesItsProvider) {
    auto first = provide("slow", command_that_waits("1"));
    const auto caller = start({"call", "slow", "{}", "--idempotent"});
    ASSERT_TRUE(comes_to_be("runs"));
    const auto second = provide("slow", "echo 2");
    first->finish(SIGKILL);
    EXPECT_EQ(caller->read_line(), "2");
    EXPECT_EQ(caller->finish(0), 0);
}

TEST_F(MessageCommandsTest, BadInputIsRefusedWithItsExitStatus) {
    const auto provider = provide("echo", "cat");
    for (const char* arguments :
         {"publish a '{'", "publish a//b 1", "publish '$sys/x' 1", "publish a", "call echo '{'",
          "call '$sys/x' 1", "call echo 1 --timeout soon", "call echo 1 --timeout 2h",
          "subscribe 'a**'", "provide 'a**' --exec cat", "provide '$sys/**' --exec cat",
          "provide a", "provide a --exec cat --threads 0", "put '$sys/x' 1"}) {
        expect_status(arguments, 2);
    }
}

}  // namespace
}  // namespace ringside
