#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/files.hpp"

/// Output that cannot be written is an error of every command.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Outcome;
using testing::shell;
using testing::TemporaryDirectory;

class OutputTest : public CliTest {
protected:
    OutputTest() { EXPECT_EQ(run("put a '{\"n\":1}'").status, 0); }

    /// Commands that print something and end.
    [[nodiscard]] std::vector<std::string> printing_commands() const {
        std::vector<std::string> commands{"get a",
                                          "ls",
                                          "scan '**'",
                                          "scan --long a",
                                          "history a",
                                          "history a --json",
                                          "undo a --dry-run --to 0",
                                          "dump",
                                          "put b 1",
                                          "delete b",
                                          "publish e 1",
                                          "compact",
                                          "watch '**' --initial --count 1",
                                          "load " + records_,
                                          "index list",
                                          "sessions",
                                          "providers",
                                          "inspect",
                                          "inspect --json",
                                          "top --count 1 --interval 0.05",
                                          "verify",
                                          "query 'SELECT name FROM records'",
                                          "query -f table 'SELECT name FROM records'",
                                          "report " + report_,
                                          "help",
                                          "version",
                                          "--help",
                                          "get --help",
                                          "--version"};
        return commands;
    }
    [[nodiscard]] static std::string content(const std::string& path) {
        return tools::read_whole_file(path).value();
    }
    [[nodiscard]] std::string written(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name) << text;
        return directory_ / name;
    }

    /// Puts a record that is larger than a pipe.
    void put_large(const std::string& name) const {
        const std::string json = written("large.json", '"' + std::string(200'000, 'x') + '"');
        EXPECT_EQ(run("put " + name + " - < " + json).status, 0);
    }

    TemporaryDirectory directory_;
    const std::string report_ =
        written("report.sql", "-- title: Page\n-- name: All\nSELECT name FROM records;\n");
    const std::string records_ = written("records.jsonl", "{\"name\":\"l\",\"document\":1}\n");
};

TEST_F(OutputTest, FullDiskIsAnErrorOfEachCommand) {
    for (const std::string& command : printing_commands()) {
        const Outcome outcome = shell("{ " + cli() + command + " > /dev/full; } 2>&1");
        EXPECT_EQ(outcome.status, 4) << command << ": " << outcome.output;
        EXPECT_NE(outcome.output.find("output_failed: "), std::string::npos) << command;
        EXPECT_NE(outcome.output.find("No space left on device"), std::string::npos)
            << command << ": " << outcome.output;
    }
}

TEST_F(OutputTest, ClosedStandardOutputIsAnErrorOfEachCommand) {
    for (const std::string& command : printing_commands()) {
        const Outcome outcome = shell("{ " + cli() + command + " >&-; } 2>&1");
        EXPECT_EQ(outcome.status, 4) << command << ": " << outcome.output;
        EXPECT_NE(outcome.output.find("output_failed: "), std::string::npos) << command;
    }
}

TEST_F(OutputTest, FileThatReachesItsLimitIsAnError) {
    put_large("large");
    const Outcome outcome =
        shell("(ulimit -f 1; " + cli() + "dump > " + (directory_ / "dump") + ")");
    EXPECT_EQ(outcome.status, 4) << outcome.output;
    EXPECT_NE(outcome.output.find("output_failed: "), std::string::npos) << outcome.output;
}

TEST_F(OutputTest, ReaderThatLeavesIsNoError) {
    // More than a pipe holds: the command cannot have written everything before `head` has gone.
    put_large("large/1");
    put_large("large/2");
    const Outcome outcome =
        shell("{ " + cli() + "dump; echo \"status $?\" >&2; } | head -c 20 > /dev/null");
    EXPECT_EQ(outcome.output, "status 0\n");
}

TEST_F(OutputTest, ClosedStandardInputIsNoDocument) {
    const Outcome outcome = shell("{ " + cli() + "put c - <&-; } 2>&1");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.output.find("file_unreadable: "), std::string::npos) << outcome.output;
    EXPECT_EQ(run("get c").status, 1);
}

TEST_F(OutputTest, BrokerWithClosedOutputDoesNotPrintIntoItsFiles) {
    const std::string name = grid_.name() + "-closed";
    const std::string log = directory_ / "log";
    const auto paths = shm::GridPaths::of(name).value();
    // Removed at the end of the test, even if the broker cannot do it.
    struct Removal {
        const shm::GridPaths& paths;
        ~Removal() {
            for (const auto& path : {paths.segment_path, paths.lock_path, paths.socket_path}) {
                unlink(path.c_str());
            }
        }
    } const removal{paths};
    testing::Process broker({"/bin/sh", "-c",
                             "exec " + std::string(built::broker) + " --grid " + name +
                                 " --memory 8MiB --log-file " + log + " >&- 2>&-"});
    const std::string cli = std::string(built::cli) + " -g " + name;
    ASSERT_TRUE(testing::eventually([&] { return shell(cli + " put a 1").status == 0; }));
    for (const std::string& path : {paths.lock_path, log}) {
        EXPECT_EQ(content(path).find("ready"), std::string::npos) << path;
    }
    EXPECT_EQ(shell(cli + " verify").status, 0);
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

class ReportOutputTest : public OutputTest {
protected:
    [[nodiscard]] Outcome report_to(const std::string& path, const std::string& more = "") const {
        return run("report " + report_ + " --output " + path + " " + more);
    }
    static void expect_page(const std::string& text) {
        EXPECT_EQ(text.rfind("# Page\n", 0), 0U) << text;
    }
};

TEST_F(ReportOutputTest, ReplacesARegularFileAndKeepsItsMode) {
    const std::string page = written("page.md", "former");
    std::filesystem::permissions(page, std::filesystem::perms(0604));
    const std::ifstream open_before(page);
    EXPECT_EQ(report_to(page).status, 0);
    expect_page(content(page));
    EXPECT_EQ(std::filesystem::status(page).permissions(), std::filesystem::perms(0604));
    std::ostringstream former;
    former << open_before.rdbuf();
    EXPECT_EQ(former.str(), "former") << "a reader keeps the file that it has opened";
}

TEST_F(ReportOutputTest, WritesThroughASymbolicLink) {
    const std::string target = written("target.md", "former");
    std::filesystem::create_symlink(target, directory_ / "link.md");
    EXPECT_EQ(report_to(directory_ / "link.md").status, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "link.md"));
    expect_page(content(target));
}

TEST_F(ReportOutputTest, WritesIntoAFifo) {
    const std::string fifo = directory_ / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    const Outcome both = shell("timeout 60 cat " + fifo + " & " + cli() + "report " + report_ +
                               " --output " + fifo + " && wait");
    EXPECT_EQ(both.status, 0);
    expect_page(both.output);
    EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

TEST_F(ReportOutputTest, FullDeviceIsAnError) {
    // Through a link, so that a program that replaces its output file does not replace the device.
    std::filesystem::create_symlink("/dev/full", directory_ / "full.md");
    const Outcome outcome = report_to(directory_ / "full.md");
    EXPECT_EQ(outcome.status, 4);
    EXPECT_NE(outcome.output.find("output_failed: "), std::string::npos) << outcome.output;
    EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "full.md"));
}

TEST_F(ReportOutputTest, FormerFileStaysIfTheNewOneCannotBeWritten) {
    const std::string page = written("page.md", "former");
    std::ofstream(report_, std::ios::app)
        << "-- text: " << std::string(5000, 'x') << "\nSELECT 1;\n";
    const auto files = [&] {
        return std::distance(std::filesystem::directory_iterator(directory_.path()),
                             std::filesystem::directory_iterator());
    };
    const auto files_before = files();
    const Outcome outcome =
        shell("(ulimit -f 1; " + cli() + "report " + report_ + " --output " + page + ")");
    EXPECT_EQ(outcome.status, 4) << outcome.output;
    EXPECT_EQ(content(page), "former");
    EXPECT_EQ(files(), files_before) << "nothing is left behind";
}

TEST_F(ReportOutputTest, ExtensionOfNoFormatIsRefusedUnlessOneIsGiven) {
    const Outcome outcome = report_to(directory_ / "page.pdf");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.output.find("bad_usage: "), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find(".pdf"), std::string::npos) << outcome.output;
    EXPECT_FALSE(std::filesystem::exists(directory_ / "page.pdf"));
    EXPECT_EQ(report_to(directory_ / "page.txt", "--format markdown").status, 0);
    expect_page(content(directory_ / "page.txt"));
}

}  // namespace
}  // namespace ringside
