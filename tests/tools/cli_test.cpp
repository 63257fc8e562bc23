#include <gtest/gtest.h>

#include <fstream>

#include "ringside/client.hpp"
#include "tests/support/cli_test.hpp"
#include "tools/support/built_paths.hpp"

/// The command line as a person uses it: the real program with a real broker.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Outcome;
using testing::shell;
using testing::TestGrid;
using testing::without_writers;

TEST_F(CliTest, WritesAndReads) {
    // Sessions also cause commits, so the next revision is not known in advance.
    Revision last = 0;
    const auto expect_version = [&](const std::string& arguments, Version version) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.status, 0) << arguments << ": " << outcome.output;
        EXPECT_EQ(number_in(outcome.output, "version"), version) << arguments;
        EXPECT_GT(number_in(outcome.output, "revision"), last) << arguments;
        last = number_in(outcome.output, "revision");
    };
    expect_version(R"(put a/1 '{"x":[1,2.5,"é"]}')", 1);
    expect("get a/1", R"({"x":[1,2.5,"é"]})");
    expect("get a/1 /x/1", "2.5");
    expect_version("patch a/1 /x/0 9 --if-version 1", 2);
    expect_version(R"(merge a/1 '{"y":null,"z":true}')", 3);
    const Outcome piped = shell(R"(echo '"piped"' | )" + cli() + "put a/2 -");
    EXPECT_EQ(piped.status, 0) << piped.output;
    expect("ls", "a/1\na/2");
    expect("scan 'a/2'", R"({"name":"a/2","version":1,"revision":)" +
                             std::to_string(number_in(piped.output, "revision")) +
                             R"(,"document":"piped"})");
    expect_version("delete a/2", 2);
    expect("ls 'b/**'", "");
}

TEST_F(CliTest, ExitStatusShowsTheKindOfFailure) {
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
    EXPECT_EQ(shell(std::string(built::cli) + " -g no-such-grid-here ls").status, 3);
    expect("get a", "1");
}

TEST_F(CliTest, WatchesUntilTheCountIsReached) {
    ASSERT_EQ(run("put a 1").status, 0);
    const std::string second = std::to_string(number_in(run("put a 2").output, "revision"));
    const std::string third = std::to_string(number_in(run("delete a").output, "revision"));
    const Outcome watched = run("watch a --from " + second + " --every --count 2");
    EXPECT_EQ(watched.status, 0);
    EXPECT_EQ(without_writers(watched.output),
              R"({"kind":"put","name":"a","version":2,"revision":)" + second +
                  R"(,"document":2})"
                  "\n"
                  R"({"kind":"remove","name":"a","version":3,"revision":)" +
                  third + "}\n");
    expect("watch a --count 1 --timeout 0.2", "", 1);
}

TEST_F(CliTest, WatchRefusesToBeginBeyondTheNewestRevision) {
    const Revision newest = number_in(run("put a 1").output, "revision");
    const Outcome refused = run("watch a --from " + std::to_string(newest + 1'000'000));
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.output.rfind("ringside: future_revision: ", 0), 0U) << refused.output;
}

TEST_F(CliTest, WatchContinuesAfterItsReaderHasPausedLong) {
    ASSERT_EQ(run("put first 1").status, 0);
    const auto watch = start({"watch", "**", "--initial"});
    EXPECT_NE(watch->read_line().find("\"name\":\"first\""), std::string::npos);
    // More than the pipe holds. It is not read until the broker has revoked the pin of the watch:
    // after the lease, or when memory is short.
    const std::string large = '"' + std::string(200'000, 'x') + '"';
    Client client = Client::attach({.grid = grid_.name()}).value();
    EXPECT_TRUE(testing::eventually([&] {
        static_cast<void>(client.put("large", large));
        return number_in(run("inspect --json").output, "pins_revoked") > 0;
    }));
    client.put("last", "1").value();
    std::string line;
    do {
        line = watch->read_line();
    } while (!line.empty() && line.find("\"name\":\"last\"") == std::string::npos);
    EXPECT_FALSE(line.empty()) << "the watch has ended";
    EXPECT_EQ(watch->finish(SIGTERM), 0) << watch->errors();
}

TEST_F(CliTest, DeletesTheRecordsOfAPattern) {
    for (const char* name : {"a/1", "a/2", "b"}) {
        ASSERT_EQ(run("put " + std::string(name) + " 1").status, 0);
    }
    expect("delete 'a/*' --dry-run 2>/dev/null", "a/1\na/2");
    expect("delete 'a/*' --dry-run 2>&1 >/dev/null", R"({"records":2,"dry_run":true})");
    expect("delete b --dry-run", "b");
    expect("ls", "a/1\na/2\nb");
    expect_status("delete 'a/*' --if-version 1", 2);
    expect("delete 'a/*'", R"({"deleted":2})");
    expect("delete 'a/*'", R"({"deleted":0})");
    expect("ls", "b");
}

/// Fills the grid until it refuses a record; returns the number of records.
std::uint64_t fill(Client& client) {
    const std::string document = '"' + std::string(400, 'x') + '"';
    std::uint64_t written = 0;
    bool is_full = false;
    PipelineOptions options;
    options.on_reply = [&](std::uint64_t, const Result<WriteResult>& result) {
        if (result) ++written;
        else is_full = true;
    };
    Pipeline pipeline = client.pipeline(std::move(options)).value();
    for (std::uint64_t i = 0; !is_full && i < 1'000'000; ++i)
        pipeline.put("full/" + std::to_string(i), document).value();
    pipeline.flush().value();
    return written;
}

TEST_F(CliTest, DeletesAllRecordsOfAPatternOnAFullGrid) {
    Client client = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    const std::uint64_t written = fill(client);
    ASSERT_GT(written, 1000U);
    expect("delete 'full/*'", R"({"deleted":)" + std::to_string(written) + "}");
    expect("ls 'full/*'", "");
}

TEST_F(CliTest, DeleteOfAPatternPrintsItsCountWithAnError) {
    ASSERT_EQ(run("put a/1 1").status, 0);
    // A grid in memory refuses durable writes.
    const Outcome refused = run("delete 'a/*' --durable");
    EXPECT_NE(refused.status, 0);
    EXPECT_NE(refused.output.find(R"({"deleted":0})"), std::string::npos) << refused.output;
}

TEST_F(CliTest, DeleteOfAPatternPrintsItsCountWhenInterrupted) {
    Client client = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    const std::uint64_t written = fill(client);
    const auto deletion = start({"delete", "full/*"});
    ASSERT_TRUE(testing::eventually([&] { return !client.get("full/0"); }));
    const int status = deletion->finish(SIGINT);
    const std::string summary = deletion->read_line();
    const std::uint64_t left = std::stoull(run("ls 'full/*' | wc -l").output);
    EXPECT_EQ(number_in(summary, "deleted"), written - left) << summary;
    // The command may have ended before the signal.
    EXPECT_EQ(status, left == 0 ? status : 1);
    EXPECT_EQ(summary.find(R"("interrupted":true)") != std::string::npos, status == 1) << summary;
}

TEST_F(CliTest, UnsignedOptionsRefuseEverythingButDecimalNumbersInRange) {
    ASSERT_EQ(run("put r/a 1").status, 0);
    for (const char* command :
         {"get r/a --at", "ls --at", "scan '*' --at", "dump --at", "undo 'r/*' --to",
          "watch 'r/*' --timeout 1 --from", "watch 'r/*' --timeout 1 --count", "top --json --count",
          "history r/a --count", "largest --count", "largest --levels", "put r/a 1 --if-version",
          "delete r/a --if-revision"}) {
        for (const char* number : {"-1", "18446744073709551616", "0x10", "1.5", "+1", "1e3"}) {
            const std::string arguments = std::string(command) + ' ' + number;
            const Outcome outcome = run(arguments);
            EXPECT_EQ(outcome.status, 2) << arguments << ": " << outcome.output;
            EXPECT_NE(outcome.output.find("is not a whole number from "), std::string::npos)
                << arguments << ": " << outcome.output;
        }
    }
    expect("get r/a", "1");
}

TEST_F(CliTest, CountOfZeroIsRefused) {
    ASSERT_EQ(run("put r/a 1").status, 0);
    for (const char* command : {"watch 'r/*' --timeout 1", "top --json", "history r/a", "largest"})
        expect_status(std::string(command) + " --count 0", 2);
}

TEST_F(CliTest, QueryRefusesNumbersOutOfRange) {
    if (run("query --help").status != 0) GTEST_SKIP() << "built without SQL";
    const std::string query = "query 'SELECT name FROM records' ";
    for (const char* option : {"--at -1", "--at 18446744073709551616", "--at 0x10", "--limit -1",
                               "--live --count 0", "--live --count -1"})
        expect_status(query + option, 2);
}

TEST_F(CliTest, AppliesPatchesFromFilesAndStandardInput) {
    ASSERT_EQ(run("put a '{\"n\":1,\"x\":true}'").status, 0);
    const std::string patch = R"('[{"op":"replace","path":"/n","value":2}]')";
    EXPECT_EQ(shell("echo " + patch + " | " + cli() + "patch a --json-patch -").status, 0);
    EXPECT_EQ(shell("echo '{\"x\":null}' | " + cli() + "patch a --merge -").status, 0);
    expect("get a", R"({"n":2})");
    expect_status("patch a --merge /no/such/file", 2);
    expect_status("patch a", 2);
    expect_status("patch a /n", 2);
    expect_status("patch a /n 3 --merge -", 2);
    expect("get a", R"({"n":2})");
}

TEST_F(CliTest, ReadsAnEarlierRevision) {
    const std::string before = std::to_string(number_in(run("put a 1").output, "revision"));
    ASSERT_EQ(run("put a 2").status, 0);
    ASSERT_EQ(run("put b 1").status, 0);
    expect("get a --at " + before, "1");
    expect("ls --at " + before, "a");
    expect("dump --at " + before, R"({"name":"a","document":1})");
    expect("scan '*' --at " + before,
           R"({"name":"a","version":1,"revision":)" + before + R"(,"document":1})");
    expect_status("get b --at " + before, 1);
    expect_status("get a --at 999999999", 1);
}

TEST_F(CliTest, DumpsWhatLoadReadsBackToAnEqualGrid) {
    const std::string data =
        std::string(built::source_directory) + "/tools/examples/data/earthquakes.jsonl";
    const Outcome loaded = run("load " + data + " --name 'quake/{properties.net}/{id}'");
    EXPECT_EQ(loaded.status, 0);
    EXPECT_NE(loaded.output.find(R"({"records":1707,)"), std::string::npos) << loaded.output;
    const Outcome dumped = run("dump");
    const TestGrid other;
    const std::string file = ::testing::TempDir() + other.name();
    std::ofstream(file) << dumped.output;
    const std::string cli = std::string(built::cli) + " -g " + other.name();
    EXPECT_EQ(shell(cli + " load " + file).status, 0);
    unlink(file.c_str());
    EXPECT_TRUE(shell(cli + " dump").output == dumped.output);
}

TEST_F(CliTest, LoadReportsRefusedLines) {
    const Outcome outcome =
        shell("printf '{\"id\":\"a\"}\\n{\"id\":\\n{\"no\":1}\\n\\n{\"id\":\"b//c\"}\\n' | " +
              std::string(built::cli) + " -g " + grid_.name() + " load - --name 'r/{id}'");
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

TEST(BrokerProgram, RefusesASecondOneAndBadOptions) {
    const TestGrid grid;
    const std::string broker = built::broker;
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
