#include <set>
#include <sstream>

#include "shm/base/errc.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/files.hpp"

/// Messages carry stable codes, which docs/operations.md explains, and name the true cause.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Outcome;
using testing::shell;
using testing::TemporaryDirectory;

std::vector<Errc> all_codes() {
    std::vector<Errc> codes;
    for (int number = 1; number < 1000; ++number) {
        const auto code = static_cast<Errc>(number);
        if (name(code) != "unknown") codes.push_back(code);
    }
    return codes;
}

/// Returns the codes in the first column of the table of errors.
std::set<std::string> codes_in_documentation() {
    std::istringstream text(
        tools::read_whole_file(std::string(built::source_directory) + "/docs/operations.md")
            .value());
    std::set<std::string> codes;
    bool is_there = false;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("## ")) is_there = line == "## When something is wrong";
        if (!is_there || !line.starts_with("| `")) continue;
        const std::string cell = line.substr(1, line.find('|', 1) - 1);
        for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos; ++at) {
            const std::size_t end = cell.find('`', at + 1);
            codes.insert(cell.substr(at + 1, end - at - 1));
            at = end;
        }
    }
    return codes;
}

TEST(Documentation, ExplainsEachErrorCodeAndNoOther) {
    std::set<std::string> codes;
    for (const Errc code : all_codes()) codes.emplace(name(code));
    const std::set<std::string> explained = codes_in_documentation();
    for (const std::string& code : codes) EXPECT_TRUE(explained.contains(code)) << code;
    for (const std::string& code : explained) EXPECT_TRUE(codes.contains(code)) << code;
}

class MessagesTest : public CliTest {
protected:
    /// Expects a command to fail with a code, and returns its message.
    std::string expect_message(const std::string& command, const std::string& code, int status,
                               const std::string& says = "") const {
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.status, status) << command << ": " << outcome.output;
        EXPECT_EQ(outcome.output.rfind("ringside: " + code + ": ", 0), 0U)
            << command << ": " << outcome.output;
        EXPECT_NE(outcome.output.find(says), std::string::npos)
            << command << ": " << outcome.output;
        return outcome.output;
    }
};

TEST_F(MessagesTest, BeginWithACode) {
    expect_message("get nothing", "not_found", 1, "nothing");
    expect_message("put a '{'", "bad_json", 2);
    expect_message("put a//b 1", "bad_name", 2);
    expect_message("put", "bad_usage", 2, "see ringside put --help");
    expect_message("nonsense", "bad_usage", 2, "'nonsense'");
    expect_message("help nonsense", "bad_usage", 2, "'nonsense'");
    expect_message("index add 'a/*'", "bad_usage", 2, "see ringside index add --help");
    expect_message("query 'SELECT'", "bad_query", 2);
    expect_message("call nobody 1", "no_provider", 1);
}

TEST_F(MessagesTest, MissingFileIsReportedAsMissing) {
    for (const char* command : {"load /no/such/file", "query --tables /no/such/file 'SELECT 1'",
                                "report /no/such/file"}) {
        const std::string message =
            expect_message(command, "file_unreadable", 2, "/no/such/file: No such file");
        EXPECT_EQ(message.find("configuration"), std::string::npos) << message;
    }
    expect_message("load /", "file_unreadable", 2, "/: Is a directory");
}

TEST_F(MessagesTest, VerifySaysThatThereIsNoStore) {
    const TemporaryDirectory empty;
    const Outcome missing = run("verify --data /no/such/store");
    EXPECT_EQ(missing.status, 1);
    EXPECT_NE(missing.output.find("file_unreadable: "), std::string::npos) << missing.output;
    EXPECT_NE(missing.output.find("/no/such/store: No such file"), std::string::npos)
        << missing.output;
    EXPECT_EQ(missing.output.find("record not found"), std::string::npos) << missing.output;
    const Outcome none = run("verify --data " + empty.path());
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.output.find("no store in " + empty.path()), std::string::npos) << none.output;
}

TEST_F(MessagesTest, OptionsNameTheRangeOfTheirValues) {
    expect_message("watch a --timeout -5", "bad_usage", 2, "from 0 to 31536000");
    expect_message("top --interval 0", "bad_usage", 2, "from 0.05 to 3600");
    expect_message("provide a --exec cat --threads 0", "bad_usage", 2, "from 1 to ");
    const Outcome broker = shell(std::string(built::broker) + " --ring-entries -5");
    EXPECT_EQ(broker.status, 2);
    EXPECT_EQ(broker.output.rfind("ringside-broker: bad_usage: ", 0), 0U) << broker.output;
    EXPECT_NE(broker.output.find("from 64 to 16777216"), std::string::npos) << broker.output;
    EXPECT_LT(broker.output.size(), 300U) << broker.output;
}

TEST_F(MessagesTest, TimesOfZeroAreRefused) {
    expect_message("put a 1 --ttl 0s", "bad_ttl", 2, "--ttl: '0s' is too short");
    expect_message("call a 1 --timeout 0ms", "bad_timeout", 2, "--timeout: '0ms' is too short");
    expect_message("query 'SELECT 1' --timeout 0s", "bad_usage", 2, "--timeout: '0s'");
    expect_message("query 'SELECT 1' --lease 0s", "bad_usage", 2, "--lease: '0s'");
    EXPECT_EQ(run("get a").status, 1);
}

TEST_F(MessagesTest, OptionsOfTheProgramMayFollowTheCommand) {
    ASSERT_EQ(run("put a 1").status, 0);
    const std::string grid = " -g " + grid_.name();
    EXPECT_EQ(shell(std::string(built::cli) + " get" + grid + " a").output, "1\n");
    EXPECT_EQ(shell(std::string(built::cli) + " get a --grid " + grid_.name()).output, "1\n");
    EXPECT_EQ(shell(std::string(built::cli) + " index list --json" + grid).output,
              "{\"indexes\":[]}\n");
}

TEST_F(MessagesTest, RecordsMayHaveTheNamesOfCommands) {
    ASSERT_EQ(run("put ls '\"get\"'").status, 0);
    expect("get ls", "\"get\"");
    expect("ls ls", "ls");
}

std::string trimmed(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

/// Returns the commands that a help text lists.
std::vector<std::string> commands_in(const std::string& help) {
    std::vector<std::string> commands;
    std::istringstream text(help);
    bool is_there = false;
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with("  ")) is_there = line == "Subcommands:";
        else if (is_there && line[2] != ' ')
            commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    return commands;
}

TEST_F(MessagesTest, HelpOfEachCommandEndsWithAnExampleOfIt) {
    const auto expect_example = [&](const std::string& command) {
        const std::string help = run(command + " --help").output;
        const std::size_t at = help.find("Example: ");
        EXPECT_NE(at, std::string::npos) << help;
        const std::string example = help.substr(at == std::string::npos ? 0 : at);
        EXPECT_NE(example.find(" " + command), std::string::npos) << command << ": " << example;
        EXPECT_EQ(trimmed(run("help " + command).output), trimmed(help));
    };
    const std::vector<std::string> commands = commands_in(run("--help").output);
    EXPECT_GE(commands.size(), 20U);
    for (const std::string& command : commands) {
        if (command != "index") expect_example(command);
    }
    for (const std::string& command : commands_in(run("index --help").output)) {
        expect_example("index " + command);
    }
}

TEST_F(MessagesTest, HelpOfTheProgramIsTheSameEitherWay) {
    EXPECT_EQ(trimmed(run("help").output), trimmed(run("--help").output));
}

TEST_F(MessagesTest, VersionPrintsReleaseCommitAndLayout) {
    const Outcome json = run("version --json");
    EXPECT_EQ(json.status, 0);
    for (const char* key : {"\"release\":\"", "\"commit\":\"", "\"layout\":"}) {
        EXPECT_NE(json.output.find(key), std::string::npos) << json.output;
    }
    EXPECT_EQ(number_in(run("inspect --json").output, "layout"), number_in(json.output, "layout"));
    EXPECT_NE(run("version").output.find("layout   "), std::string::npos);
}

}  // namespace
}  // namespace ringside
