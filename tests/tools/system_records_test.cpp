#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// The records that the grid keeps about itself, as the command line shows them.
namespace ringside {
namespace {

using testing::shell;
using testing::TemporaryDirectory;
using SystemRecordsTest = testing::CliTest;

TEST_F(SystemRecordsTest, SessionsAndProvidersAreListed) {
    const auto listener = start({"listen", "clock/*", "--exec", "true"});
    EXPECT_FALSE(listener->read_line().empty());
    const auto provider = start({"provide", "quote/**", "--exec", "cat"});
    EXPECT_FALSE(provider->read_line().empty());
    const std::string pid = std::to_string(provider->pid());
    const std::string sessions = run("sessions --json").output;
    EXPECT_NE(sessions.find("\"pid\":" + pid + ","), std::string::npos) << sessions;
    EXPECT_NE(sessions.find(R"("role":"admin")"), std::string::npos) << sessions;
    const std::string providers = run("providers --json").output;
    EXPECT_NE(providers.find("\"pid\":" + pid + R"(,"program":"ringside","calls":"quote/**"})"),
              std::string::npos)
        << providers;
    EXPECT_NE(providers.find(R"("listens":"clock/*")"), std::string::npos) << providers;
    EXPECT_NE(run("providers").output.find("quote/**"), std::string::npos);
    EXPECT_TRUE(comes_to_show("inspect --json", R"("providers":1,"listeners":1)"));
    EXPECT_EQ(provider->finish(SIGTERM), 0);
    EXPECT_EQ(run("providers --json").output.find("quote"), std::string::npos);
}

TEST_F(SystemRecordsTest, TheGridsOwnRecordsAreSeenOnlyWhenTheyAreNamed) {
    EXPECT_EQ(run("put a 1").status, 0);
    expect("ls", "a");
    expect("ls '*/**'", "a");
    expect("dump", R"({"name":"a","document":1})");
    const auto listener = start({"listen", "clock/*", "--exec", "true"});
    EXPECT_FALSE(listener->read_line().empty());
    EXPECT_TRUE(comes_to_show("ls '$sys/**'", "$sys/session/"));
}

TEST_F(SystemRecordsTest, TopShowsWhatSourcesAndSinksOfKafkaSayOfThemselves) {
    EXPECT_EQ(run("top --count 1 --interval 0.1").output.find("source"), std::string::npos);
    const auto say = [&](const std::string& name, const std::string& state) {
        EXPECT_EQ(run("put " + name + " '" + state + "'").status, 0);
    };
    say("kafka/sales/@source/host-7", R"({"state":"following","rate":1200,"lag":34})");
    say("kafka/maps/@sink/host-7", R"({"state":"held","rate":0,"behind":56})");
    const std::string shown = run("top --count 1 --interval 0.1").output;
    EXPECT_NE(shown.find("source sales following  1200/s  lag 34"), std::string::npos) << shown;
    EXPECT_NE(shown.find("sink maps held  0/s  behind 56"), std::string::npos) << shown;
}

TEST_F(SystemRecordsTest, LoadRefusesTheGridsOwnNamesLineByLine) {
    const auto loaded =
        shell(R"(printf '{"name":"a","document":1}\n{"name":"$sys/session/1","document":2}\n' | )" +
              cli() + "load -");
    EXPECT_EQ(loaded.status, 1);
    EXPECT_NE(loaded.output.find("line 2: "), std::string::npos) << loaded.output;
    EXPECT_NE(loaded.output.find(R"("records":1,)"), std::string::npos) << loaded.output;
    expect("ls", "a");
}

TEST_F(SystemRecordsTest, BackupsLeaveOutTheGridsOwnRecords) {
    EXPECT_EQ(run("put a 1").status, 0);
    const TemporaryDirectory directory;
    const std::string backup = directory / "backup";
    EXPECT_EQ(number_in(run("backup " + backup).output, "records"), 1U);
    const auto verified = run("verify --json --data " + backup);
    EXPECT_EQ(verified.status, 0) << verified.output;
}

}  // namespace
}  // namespace ringside
