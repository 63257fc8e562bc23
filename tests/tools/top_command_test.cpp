#include <gtest/gtest.h>
#include <pty.h>
#include <simdjson.h>

#include "ringside/client.hpp"
#include "tests/support/cli_test.hpp"

/// `ringside top` as an operator sees it, and what `inspect` reports about refusals.
namespace ringside::testing {
namespace {

class TopCommand : public CliTest {};

TEST_F(TopCommand, ShowsAKilledBrokerAsGoneBeforeItsNextLook) {
    const auto top = start({"top", "--interval", "3600"});
    const auto sleeping = start({"top", "--interval", "0.05"});
    // A line with this state shows that it has checked the living broker. On a busy host the
    // heartbeat may be late.
    EXPECT_TRUE(eventually(
        [&] { return sleeping->read_line().find("broker serving") != std::string::npos; }));

    grid_.kill_broker();

    EXPECT_TRUE(
        eventually([&] { return sleeping->read_line().find("broker gone") != std::string::npos; }));
    EXPECT_EQ(sleeping->finish(0), 3);
    EXPECT_EQ(top->finish(0), 3) << "an hour before its look";
}

/// `ringside top` in a terminal. Killed at the end of the test if it still runs.
class TopScreen {
public:
    TopScreen(const std::string& grid, const char* interval) {
        const winsize size{40, 100, 0, 0};
        pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
        if (pid_ != 0) return;
        execl(built::cli, built::cli, "-g", grid.c_str(), "top", "--interval", interval, nullptr);
        _exit(127);
    }
    ~TopScreen() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close(terminal_);
    }
    TopScreen(const TopScreen&) = delete;
    TopScreen& operator=(const TopScreen&) = delete;

    void press(const std::string& keys) {
        printed_.clear();
        ASSERT_EQ(write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    [[nodiscard]] bool comes_to_show(const std::string& text) {
        return eventually([&] {
            read_on();
            return printed_.find(text) != std::string::npos;
        });
    }
    /// Returns the exit status; -1: it does not end.
    [[nodiscard]] int wait() {
        int status = 0;
        const bool has_ended = eventually([&] {
            read_on();
            return waitpid(pid_, &status, WNOHANG) == pid_;
        });
        if (!has_ended) return -1;
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    [[nodiscard]] const std::string& printed() const { return printed_; }

private:
    void read_on() {
        char part[4096];
        pollfd ready{terminal_, POLLIN, 0};
        if (poll(&ready, 1, 0) != 1) return;
        const ssize_t got = read(terminal_, part, sizeof part);
        if (got > 0) printed_.append(part, static_cast<std::size_t>(got));
    }

    int terminal_ = -1;
    pid_t pid_ = -1;
    std::string printed_;
};

TEST_F(TopCommand, EndsAtTheKeyQ) {
    TopScreen top(grid_.name(), "3600");
    top.press("q");
    EXPECT_EQ(top.wait(), 0);
}

TEST_F(TopCommand, ScreenSortsFiltersAndPausesByKeys) {
    TopScreen top(grid_.name(), "0.05");
    ASSERT_TRUE(top.comes_to_show(grid_.name())) << top.printed();
    ASSERT_TRUE(top.comes_to_show("lag* ")) << top.printed();
    top.press("r");
    EXPECT_TRUE(top.comes_to_show("req/s*")) << top.printed();
    top.press("n");
    EXPECT_TRUE(top.comes_to_show("pins*")) << top.printed();
    top.press("/qx\b");
    EXPECT_TRUE(top.comes_to_show("filter: q_")) << top.printed();
    top.press("\r");
    EXPECT_TRUE(top.comes_to_show("[filter: q]")) << top.printed();
    top.press("p");
    EXPECT_TRUE(top.comes_to_show("[paused]")) << top.printed();
    top.press("q");
    EXPECT_EQ(top.wait(), 0);
}

TEST_F(TopCommand, ShowsABrokerThatHangsAsStalled) {
    const auto top = start({"top", "--interval", "3600"});
    const auto watching = start({"top", "--interval", "0.05"});
    ASSERT_EQ(::kill(grid_.broker(), SIGSTOP), 0);
    EXPECT_TRUE(eventually([&] {
        return watching->read_line().find("broker stalled: no heartbeat for ") != std::string::npos;
    }));
    EXPECT_TRUE(eventually([&] {
        return top->read_line().find("broker stalled: no heartbeat for ") != std::string::npos;
    })) << "an hour before its report";
    EXPECT_NE(run("top --once --interval 0.05").output.find("stalled"), std::string::npos);
    ASSERT_EQ(::kill(grid_.broker(), SIGCONT), 0);
    EXPECT_TRUE(eventually(
        [&] { return watching->read_line().find("broker serving") != std::string::npos; }));
    EXPECT_EQ(watching->finish(SIGTERM), 0);
    EXPECT_EQ(top->finish(SIGTERM), 0);
}

TEST_F(TopCommand, JsonHasRatesLatenciesSessionsAndPrefixes) {
    Client client = Client::attach({.grid = grid_.name(), .program = "loader"}).value();
    const auto snapshot = client.snapshot().value();
    const auto top = start({"top", "--json", "--interval", "0.05"});
    ASSERT_FALSE(top->read_line().empty());
    simdjson::dom::parser parser;
    simdjson::dom::element report;
    const auto has_everything = [&] {
        client.put("event/42/seat/A1", "1").value();
        EXPECT_FALSE(client.put("event/42/seat/A1", "1", {.condition = Condition::is_absent()}));
        const std::string line = top->read_line();
        if (parser.parse(line).get(report) != simdjson::SUCCESS) return false;
        const auto is_there = [&](const char* pointer) {
            return report.at_pointer(pointer).error() == simdjson::SUCCESS;
        };
        return is_there("/prefixes/0/prefix") && is_there("/refusals/0/error") &&
               is_there("/sessions/0/pins") && double(report["commits_per_s"]) > 0 &&
               double(report.at_pointer("/commit_s/p99")) > 0 &&
               double(report.at_pointer("/sessions/0/requests_per_s")) > 0 &&
               std::uint64_t(report["pins"]) > 0;
    };
    ASSERT_TRUE(eventually(has_everything)) << simdjson::minify(report);
    EXPECT_EQ(std::string_view(report["grid"]), grid_.name());
    EXPECT_EQ(std::string_view(report.at_pointer("/prefixes/0/prefix")), "event/42/");
    EXPECT_EQ(std::string_view(report.at_pointer("/refusals/0/error")), "condition_failed");
    EXPECT_EQ(std::string_view(report.at_pointer("/sessions/0/program")), "loader");
    EXPECT_EQ(double(report.at_pointer("/sync_s/p99")), 0) << "there is no store";
    EXPECT_EQ(top->finish(SIGTERM), 0);
}

TEST_F(TopCommand, OnceShowsAFullReportWithoutATerminal) {
    ASSERT_EQ(run("put kafka/g/@source/1 '{\"state\":\"following\",\"lag\":2}'").status, 0);
    const Outcome shown = run("top --once --interval 0.05");
    EXPECT_EQ(shown.status, 0);
    EXPECT_TRUE(shown.output.starts_with(grid_.name() + "  ")) << shown.output;
    for (const char* part : {"\nwrites ", "\ncommit ", "\nsync ", "\nmemory ", "\nring ", "\npins ",
                             "session ", "source g following  0/s  lag 2  dead_letters 0"}) {
        EXPECT_NE(shown.output.find(part), std::string::npos) << part << shown.output;
    }
    EXPECT_EQ(shown.output.find('\033'), std::string::npos);
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

TEST_F(TopCommand, InspectShowsEachLimitWithItsUseAndItsRefusals) {
    EXPECT_EQ(run("put a 1").status, 0);
    for (const char* shown : {R"({"limit":"sessions","value":4096,"in_use":)",
                              R"({"limit":"session_memory_bytes","value":83886080,"in_use":)",
                              R"({"limit":"bookkeeping_memory_bytes","value":100663296,"in_use":)",
                              R"({"limit":"calls","value":1000000,"in_use":0,"refused":0})"}) {
        EXPECT_TRUE(comes_to_show("inspect --json", shown)) << run("inspect --json").output;
    }
    const std::string json = run("inspect --json").output;
    EXPECT_NE(json.find(R"({"limit":"name_bytes","value":1024,"error":"name_too_long",)"),
              std::string::npos)
        << json;
    EXPECT_NE(run("inspect").output.find("waiting_connections"), std::string::npos);
}

}  // namespace
}  // namespace ringside::testing
