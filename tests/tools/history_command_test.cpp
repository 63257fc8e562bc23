#include <gtest/gtest.h>

#include <fstream>

#include "ringside/client.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/files.hpp"

/// `ringside history`, writers in `scan --long` and `watch`, and `sessions --kill`.
namespace ringside::testing {
namespace {

class HistoryCommandTest : public CliTest {
protected:
    void SetUp() override {
        Client client = attach("loader", "anna");
        client.put("seat/1", R"({"status":"free"})").value();
        client.patch("seat/1", "/status", R"("sold")").value();
    }
    [[nodiscard]] Client attach(const std::string& program, const std::string& user = "") const {
        return Client::attach({.grid = grid_.name(), .program = program, .user = user}).value();
    }
    void expect_in(const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
    }
    [[nodiscard]] bool has_ended() const {
        return comes_to_show("history seat/1 --json", R"("ended":true)");
    }
};

TEST_F(HistoryCommandTest, TableShowsVersionsAndWriters) {
    ASSERT_TRUE(has_ended());
    const Outcome shown = run("history seat/1");
    EXPECT_EQ(shown.status, 0);
    expect_in(shown.output, "versions of seat/1");
    const std::size_t patch = shown.output.find(" patch ");
    const std::size_t put = shown.output.find(" put ");
    ASSERT_NE(patch, std::string::npos) << shown.output;
    EXPECT_LT(patch, put) << "the newest version comes first: " << shown.output;
    expect_in(shown.output, " " + std::to_string(getpid()) + " ");
    expect_in(shown.output, " anna ");
    expect_in(shown.output, " loader (ended)\n");
    expect_in(shown.output, "A restart from the store discards");
    expect_status("history nothing", 1);
    expect_status("history a//b", 2);
}

TEST_F(HistoryCommandTest, JsonHasTheSameFacts) {
    ASSERT_TRUE(has_ended());
    const std::string json = run("history seat/1 --json").output;
    expect_in(json, R"({"name":"seat/1","versions":[{"revision":)");
    expect_in(json, R"("kind":"patch","position":)");
    expect_in(json, R"("pid":)" + std::to_string(getpid()) + R"(,"uid":)" +
                        std::to_string(getuid()) +
                        R"(,"program":"loader","user":"anna","ended":true}})");
    expect_in(json, R"("has_more":false,"retained_from":)");
    expect_in(json, R"("began_at":0})");
    const std::string newest = run("history seat/1 --json --count 1").output;
    expect_in(newest, R"("has_more":true)");
    EXPECT_EQ(newest.find(R"("kind":"put")"), std::string::npos) << newest;
    expect_in(run("history seat/1 --count 1").output, "Older versions are retained");
}

TEST_F(HistoryCommandTest, WhatIsNotRetainedIsSaid) {
    ASSERT_TRUE(has_ended());
    ASSERT_EQ(run("compact").status, 0);
    const std::string shown = run("history seat/1").output;
    expect_in(shown, "are not retained");
    EXPECT_EQ(shown.find("loader"), std::string::npos) << shown;
    expect_in(run("history seat/1 --json").output, R"("kind":null,"position":null,"writer":null})");
}

TEST_F(HistoryCommandTest, WorksOnTheSegmentOfADeadBroker) {
    ASSERT_TRUE(has_ended());
    const std::string before = run("history seat/1").output;
    EXPECT_EQ(run("history seat/1 --offline").status, 4) << "its broker lives";
    grid_.kill_broker();
    const Outcome refused = run("history seat/1");
    EXPECT_EQ(refused.status, 3);
    expect_in(refused.output, "--offline");
    EXPECT_EQ(run("history seat/1 --offline").output, before);
    expect_in(run("scan --long --offline 'seat/*'").output, R"("program":"loader")");
}

TEST_F(HistoryCommandTest, LongScanShowsTimeAndWriter) {
    ASSERT_TRUE(has_ended());
    const std::string line = run("scan --long 'seat/*'").output;
    expect_in(line, R"({"name":"seat/1","version":2,"revision":)");
    expect_in(line, R"(,"time":"20)");
    expect_in(line, R"("program":"loader","user":"anna","ended":true},"document":)");
    ASSERT_EQ(run("compact").status, 0);
    expect_in(run("scan -l 'seat/*'").output, R"("writer":null,"document":)");
}

TEST_F(HistoryCommandTest, WatchShowsTimeAndWriter) {
    const auto watch = start({"watch", "seat/*", "--initial", "--count", "3"});
    const std::string current = watch->read_line();
    expect_in(current, R"("kind":"current")");
    expect_in(current, R"("time":"20)");
    EXPECT_EQ(current.find("writer"), std::string::npos) << "nothing was changed: " << current;
    Client client = attach("seller");
    client.put("seat/2", "1").value();
    expect_in(watch->read_line(), R"("program":"seller")");
    client.put("seat/3", "1", {.ttl = std::chrono::milliseconds(1)}).value();
    // Either the record or, when the watch comes later, its expiry.
    expect_in(watch->read_line(), R"("writer":{"session":)");
    EXPECT_EQ(watch->finish(0), 0);
}

TEST_F(HistoryCommandTest, KillClosesASession) {
    Client stuck = attach("stuck");
    stuck.put("stuck", "1").value();
    const Snapshot held = stuck.snapshot().value();
    const std::string session =
        std::to_string(number_in(run("history stuck --json").output, "session"));
    expect("sessions --kill " + session, R"({"closed":)" + session + "}");
    EXPECT_TRUE(eventually([&] { return held.check().has_error(); }));
    expect_status("sessions --kill " + session, 1);
    expect_status("sessions --kill 0", 2);
    expect_status("sessions --kill x", 2);
    expect_status("sessions --kill " + session + " --json", 2);
}

TEST(SessionsKill, CallerWithoutTheRoleIsRefusedAndTheLogNamesTheCaller) {
    const TemporaryDirectory directory;
    const std::string config = directory / "config.toml";
    const std::string log = directory / "log";
    const auto set_role = [&](const std::string& role) {
        std::ofstream(config) << "[[role]]\nuser = " << getuid() << "\nrole = '" << role << "'\n";
    };
    set_role("writer");
    TestGrid grid({"--memory", "64MiB", "--config", config, "--log-file", log});
    Client victim = Client::attach({.grid = grid.name(), .program = "victim"}).value();
    victim.put("a", "1").value();
    const std::string session =
        std::to_string(victim.history("a").value().versions().front().writer->session);
    const std::string kill =
        std::string(built::cli) + " -g " + grid.name() + " sessions --kill " + session;

    const Outcome refused = shell(kill);

    EXPECT_EQ(refused.status, 4) << refused.output;
    EXPECT_EQ(refused.output.rfind("ringside: permission_denied: ", 0), 0U) << refused.output;
    victim.put("a", "2").value();
    EXPECT_EQ(std::to_string(victim.history("a").value().versions().front().writer->session),
              session)
        << "it still has its session";

    set_role("admin");
    ::kill(grid.broker(), SIGHUP);
    ASSERT_TRUE(eventually([&] { return shell(kill).output.find("denied") == std::string::npos; }));
    Client target = Client::attach({.grid = grid.name(), .program = "target"}).value();
    target.put("a", "3").value();
    const std::string other =
        std::to_string(target.history("a").value().versions().front().writer->session);
    EXPECT_EQ(
        shell(std::string(built::cli) + " -g " + grid.name() + " sessions --kill " + other).status,
        0);
    EXPECT_TRUE(eventually([&] {
        const std::string lines = tools::read_whole_file(log).value();
        return lines.find("session " + other + " was closed at the request of session") !=
                   std::string::npos &&
               lines.find("ringside, pid ") != std::string::npos;
    }));
}

}  // namespace
}  // namespace ringside::testing
