#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <regex>

#include "tests/support/test_grid.hpp"

/// The command line as a person uses it: the real program against a real broker.
namespace ringside {
namespace {

using testing::TestGrid;

struct Outcome {
    std::string output;
    int status = 0;
};

Outcome shell(const std::string& command) {
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    Outcome outcome;
    std::array<char, 4096> part;
    for (std::size_t got = 0; (got = fread(part.data(), 1, part.size(), pipe)) > 0;) {
        outcome.output.append(part.data(), got);
    }
    outcome.status = WEXITSTATUS(pclose(pipe));
    return outcome;
}

class CliTest : public ::testing::Test {
protected:
    TestGrid grid_;
    [[nodiscard]] Outcome run(const std::string& arguments) const {
        return shell(std::string(RINGSIDE_CLI_PATH) + " -g " + grid_.name() + " " + arguments);
    }
    /// Revisions are not compared: each session of a program takes some for records of its own.
    void expect(const std::string& arguments, const std::string& output, int status = 0) const {
        const Outcome outcome = run(arguments);
        const std::string shown =
            std::regex_replace(outcome.output, std::regex(R"("revision":\d+)"), R"("revision":N)");
        EXPECT_EQ(shown, output.empty() ? output : output + "\n") << arguments;
        EXPECT_EQ(outcome.status, status) << arguments;
    }
    void expect_status(const std::string& arguments, int status) const {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.status, status) << arguments << ": " << outcome.output;
        EXPECT_FALSE(outcome.output.empty()) << arguments;
    }
};

TEST_F(CliTest, WritesAndReads) {
    expect(R"(put a/1 '{"x":[1,2.5,"é"]}')", R"({"revision":N,"version":1})");
    expect("get a/1", R"({"x":[1,2.5,"é"]})");
    expect("get a/1 /x/1", "2.5");
    expect("patch a/1 /x/0 9 --if-version 1", R"({"revision":N,"version":2})");
    expect(R"(merge a/1 '{"y":null,"z":true}')", R"({"revision":N,"version":3})");
    EXPECT_EQ(shell(R"(echo '"piped"' | )" + std::string(RINGSIDE_CLI_PATH) + " -g " +
                    grid_.name() + " put a/2 -")
                  .status,
              0);
    expect("ls", "a/1\na/2");
    expect("scan 'a/2'", R"({"name":"a/2","version":1,"revision":N,"document":"piped"})");
    expect("delete a/2", R"({"revision":N,"version":2})");
    expect("ls 'b/**'", "");
}

TEST_F(CliTest, TellsByItsExitStatusWhatWentWrong) {
    ASSERT_EQ(run("put a 1").status, 0);
    expect_status("get nothing", 1);
    expect_status("get a /x", 1);
    expect_status("put a 2 --if-absent", 1);
    expect_status("put a 2 --if-version 7", 1);
    expect_status("put a '{'", 2);
    expect_status("put a//b 1", 2);
    expect_status("put a 1 --ttl soon", 2);
    expect_status("put", 2);
    expect_status("nonsense", 2);
    expect_status("load /no/such/file", 2);
    expect_status("watch 'a**'", 2);
    EXPECT_EQ(shell(std::string(RINGSIDE_CLI_PATH) + " -g no-such-grid-here ls").status, 3);
    expect("get a", "1");
}

TEST_F(CliTest, WatchesUntilTheCountIsReached) {
    ASSERT_EQ(run("put a 1").status, 0);
    const std::string second = run("put a 2").output;
    std::smatch revision;
    ASSERT_TRUE(std::regex_search(second, revision, std::regex(R"("revision":(\d+))")));
    ASSERT_EQ(run("delete a").status, 0);
    expect("watch a --from " + revision.str(1) + " --every --count 2",
           R"({"kind":"put","name":"a","version":2,"revision":N,"document":2})"
           "\n"
           R"({"kind":"remove","name":"a","version":3,"revision":N})");
    expect("watch a --count 1 --timeout 0.2", "", 1);
}

TEST_F(CliTest, DumpsWhatLoadReadsBackToAnEqualGrid) {
    const std::string data = RINGSIDE_TEST_DATA_DIR "/earthquakes.jsonl";
    const Outcome loaded = run("load " + data + " --name 'quake/{properties.net}/{id}'");
    EXPECT_EQ(loaded.status, 0);
    EXPECT_NE(loaded.output.find(R"({"records":1707,)"), std::string::npos) << loaded.output;
    const Outcome dumped = run("dump");
    const TestGrid other;
    const std::string file = ::testing::TempDir() + other.name();
    std::ofstream(file) << dumped.output;
    const std::string cli = std::string(RINGSIDE_CLI_PATH) + " -g " + other.name();
    EXPECT_EQ(shell(cli + " load " + file).status, 0);
    unlink(file.c_str());
    EXPECT_TRUE(shell(cli + " dump").output == dumped.output);
}

TEST_F(CliTest, LoadTellsWhichLinesItRefuses) {
    const Outcome outcome =
        shell("printf '{\"id\":\"a\"}\\n{\"id\":\\n{\"no\":1}\\n\\n{\"id\":\"b//c\"}\\n' | " +
              std::string(RINGSIDE_CLI_PATH) + " -g " + grid_.name() + " load - --name 'r/{id}'");
    EXPECT_EQ(outcome.status, 1);
    for (const char* line :
         {"line 2: ", "line 3: ", "line 5: ", R"("records":1,)", R"("refused":3)"}) {
        EXPECT_NE(outcome.output.find(line), std::string::npos) << line << " in " << outcome.output;
    }
    expect("ls", "r/a");
}

TEST_F(CliTest, InspectsTheSegmentOfADeadBroker) {
    ASSERT_EQ(run("put a 1").status, 0);
    const auto state = [&] {
        const std::string text = run("inspect --json").output;
        const auto at = text.find(R"("state":")") + 9;
        return text.substr(at, text.find('"', at) - at);
    };
    EXPECT_EQ(state(), "serving");
    grid_.kill_broker();
    EXPECT_EQ(state(), "broker dead");
    EXPECT_EQ(run("get a").status, 3);
}

TEST_F(CliTest, AnOnSaleAddsUpAtEveryInstant) {
    const Outcome outcome =
        shell(std::string(RINGSIDE_ONSALE_PATH) + " -g " + grid_.name() + " --seconds 2");
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("all add up"), std::string::npos) << outcome.output;
}

TEST(BrokerProgram, RefusesASecondOneAndBadOptions) {
    const TestGrid grid;
    const std::string broker = RINGSIDE_BROKER_PATH;
    const Outcome second = shell(broker + " --grid " + grid.name());
    EXPECT_EQ(second.status, 1);
    EXPECT_NE(second.output.find("pid " + std::to_string(grid.broker())), std::string::npos)
        << second.output;
    EXPECT_EQ(shell(broker + " --grid a/b").status, 2);
    EXPECT_EQ(shell(broker + " --memory lots").status, 2);
    EXPECT_EQ(shell(broker + " --memory 1KiB --grid " + grid.name() + "x").status, 2);
    EXPECT_EQ(shell(broker + " --nonsense").status, 2);
}

TEST(BrokerProgram, LeavesNothingBehindWhenItEndsInOrder) {
    TestGrid grid;
    const auto paths = shm::GridPaths::of(grid.name()).value();
    EXPECT_EQ(access(paths.segment_path.c_str(), F_OK), 0);
    EXPECT_EQ(grid.stop(), 0);
    for (const std::string& path : {paths.segment_path, paths.lock_path, paths.socket_path}) {
        EXPECT_NE(access(path.c_str(), F_OK), 0) << path;
    }
}

}  // namespace
}  // namespace ringside
