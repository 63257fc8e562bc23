#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/terminal.hpp"

/// The prompt of `ringside query` on a terminal.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Terminal;

constexpr const char* ready = "ringside> ";

class PromptTest : public CliTest {
protected:
    PromptTest() {
        setenv("XDG_STATE_HOME", directory_.path().c_str(), 1);
        for (const char* put : {"put seat/1 '{\"status\":\"sold\",\"price\":20}'",
                                "put seat/2 '{\"status\":\"free\",\"price\":10.5}'"}) {
            EXPECT_EQ(run(put).status, 0);
        }
    }
    ~PromptTest() override { unsetenv("XDG_STATE_HOME"); }
    PromptTest(const PromptTest&) = delete;
    PromptTest& operator=(const PromptTest&) = delete;

    [[nodiscard]] std::unique_ptr<Terminal> open(unsigned short columns = 80) const {
        auto terminal = std::make_unique<Terminal>(
            std::vector<std::string>{built::cli, "-g", grid_.name(), "query", "--table",
                                     "seats=seat/*(number:1, status, price)", "--table",
                                     "texts=text/*(id:1, text, n INTEGER)"},
            columns);
        terminal->read_until(ready);
        return terminal;
    }
    /// Returns what the terminal shows after a line until the next prompt, without escape
    /// sequences.
    static std::string after(Terminal& terminal, const std::string& line) {
        EXPECT_TRUE(terminal.reads_keys());
        terminal.type(line + "\n");
        terminal.read_until("\n");
        std::string shown = plain(terminal.read_until(ready));
        return shown.substr(0, shown.rfind(ready));
    }
    static std::string plain(const std::string& shown) {
        std::string text;
        for (std::size_t i = 0; i < shown.size(); ++i) {
            if (shown[i] == '\033') {
                while (i < shown.size() && std::isalpha(static_cast<unsigned char>(shown[i])) == 0)
                    ++i;
            } else if (shown[i] != '\r' && shown[i] != '\a') {
                text += shown[i];
            }
        }
        return text;
    }
    static std::string content(const std::filesystem::path& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return directory_ / name;
    }

    testing::TemporaryDirectory directory_;
};

constexpr const char* all = "SELECT status, price FROM seats ORDER BY price;";

TEST_F(PromptTest, ModeSetsTheFormatOfRows) {
    const auto terminal = open();
    const auto rows = [&](const std::string& mode) {
        EXPECT_EQ(after(*terminal, ".mode " + mode), "");
        const std::string shown = after(*terminal, all);
        return shown.substr(0, shown.find("(2 rows, revision "));
    };
    EXPECT_EQ(rows("csv"), "status,price\nfree,10.5\nsold,20\n");
    EXPECT_EQ(rows("json"),
              "[{\"status\":\"free\",\"price\":10.5},\n {\"status\":\"sold\",\"price\":20}]\n");
    EXPECT_EQ(rows("jsonl"),
              "{\"status\":\"free\",\"price\":10.5}\n{\"status\":\"sold\",\"price\":20}\n");
    EXPECT_EQ(rows("line"), "status = free\n price = 10.5\n\nstatus = sold\n price = 20\n");
    EXPECT_EQ(rows("table"), "status  price\n------  -----\nfree     10.5\nsold       20\n");
    EXPECT_EQ(after(*terminal, ".mode"), "table\n");
    EXPECT_NE(after(*terminal, ".mode xml").find("bad_usage"), std::string::npos);
    terminal->type(".quit\n");
    EXPECT_EQ(terminal->wait(), 0);
}

TEST_F(PromptTest, OutputWritesRowsToAFileUntilItIsSetAgain) {
    const auto terminal = open();
    const std::string file = path("rows.csv");
    std::ofstream(file) << "what was there before";
    EXPECT_EQ(after(*terminal, ".mode csv"), "");
    EXPECT_EQ(after(*terminal, ".output " + file), "");
    EXPECT_EQ(after(*terminal, all).find("(2 rows, "), 0U);
    EXPECT_EQ(content(file), "status,price\nfree,10.5\nsold,20\n");
    EXPECT_EQ(after(*terminal, "SELECT 1 AS n;").find("(1 row, "), 0U);
    EXPECT_EQ(after(*terminal, ".output"), "");
    EXPECT_EQ(content(file), "status,price\nfree,10.5\nsold,20\nn\n1\n");
    EXPECT_EQ(after(*terminal, "SELECT 1 AS n;").find("n\n1\n(1 row, "), 0U);
    EXPECT_NE(after(*terminal, ".output /no/such/directory/x").find("output_failed"),
              std::string::npos);
    // A file that cannot be written does not end the prompt.
    EXPECT_EQ(after(*terminal, ".output /dev/full"), "");
    EXPECT_NE(after(*terminal, "SELECT 1 AS n;").find("output_failed"), std::string::npos);
    EXPECT_EQ(after(*terminal, "SELECT 1 AS n;").find("n\n1\n(1 row, "), 0U);
}

TEST_F(PromptTest, ReadRunsAFileAndStopsAtTheFirstFailure) {
    const auto terminal = open();
    std::ofstream(path("inner.sql")) << "SELECT 'inner' AS x;\n";
    std::ofstream(path("a.sql")) << "-- two statements\n.mode csv\nSELECT 1\n  AS n;\n.read "
                                 << path("inner.sql").string() << "\nSELECT 2 AS n";
    const std::string shown = after(*terminal, ".read " + path("a.sql").string());
    EXPECT_NE(shown.find("n\n1\n("), std::string::npos) << shown;
    EXPECT_NE(shown.find("x\ninner\n("), std::string::npos) << shown;
    EXPECT_NE(shown.find("n\n2\n("), std::string::npos) << shown;
    std::ofstream(path("b.sql")) << "SELECT 1 AS n;\nSELECT nonsense;\nSELECT 3 AS n;\n";
    const std::string failed = after(*terminal, ".read '" + path("b.sql").string() + "'");
    EXPECT_NE(failed.find("no such column: nonsense"), std::string::npos) << failed;
    EXPECT_NE(failed.find("b.sql: stopped at line 2"), std::string::npos) << failed;
    EXPECT_EQ(failed.find("3\n("), std::string::npos) << failed;
    EXPECT_NE(after(*terminal, ".read /no/such/file").find("file_unreadable"), std::string::npos);
    std::ofstream(path("c.sql")) << ".read " << path("c.sql").string() << "\n";
    EXPECT_NE(after(*terminal, ".read " + path("c.sql").string())
                  .find("more than 8 files read each other"),
              std::string::npos);
}

TEST_F(PromptTest, TablesSchemaAndHelpListTablesColumnsAndCommands) {
    const auto terminal = open();
    EXPECT_EQ(after(*terminal, ".tables"), "records\nseats\ntexts\n");
    EXPECT_EQ(after(*terminal, ".schema seats"), "seats=seat/*(number TEXT, status, price)\n");
    EXPECT_NE(after(*terminal, ".schema").find("texts=text/*(id TEXT, text, n INTEGER)"),
              std::string::npos);
    EXPECT_NE(after(*terminal, ".schema nosuch").find("unknown table 'nosuch'"), std::string::npos);
    const std::string help = after(*terminal, ".help");
    for (const char* command : {".explain", ".help", ".mode", ".output", ".quit", ".read",
                                ".schema", ".tables", ".width"}) {
        EXPECT_NE(help.find(command), std::string::npos) << command;
    }
    EXPECT_NE(after(*terminal, ".nosuch").find("unknown command '.nosuch'; see .help"),
              std::string::npos);
}

TEST_F(PromptTest, TabCompletesCommandsKeywordsTablesAndColumns) {
    const auto terminal = open();
    EXPECT_EQ(after(*terminal, ".tabl\t"), "records\nseats\ntexts\n");
    EXPECT_EQ(after(*terminal, ".schema sea\t"), "seats=seat/*(number TEXT, status, price)\n");
    EXPECT_EQ(after(*terminal, ".mode cs\t"), "");
    const auto result = [&](const std::string& typed) {
        const std::string shown = after(*terminal, typed);
        return shown.substr(0, shown.find("(1 row"));
    };
    EXPECT_EQ(result("SELEC\t1 AS n;"), "n\n1\n");
    EXPECT_EQ(result("selec\tcount(*) AS n from sea\t;"), "n\n2\n");
    EXPECT_EQ(result("SELECT sta\tFROM seats WHER\tnum\t= '1';"), "status\nsold\n");
    EXPECT_EQ(result("SELECT s.pri\tFROM seats s WHERE upda\t> 0 ORDER BY pric\tLIMI\t1;"),
              "price\n10.5\n");
    EXPECT_EQ(result("SELECT percentile_d\tprice, 0) AS p FROM seats;"), "p\n10.5\n");
    // Several candidates are listed.
    EXPECT_TRUE(terminal->reads_keys());
    terminal->type("SELECT percentile_\t");
    EXPECT_TRUE(terminal->read_until("percentile_cont(  percentile_disc(").ends_with("_disc("));
}

TEST_F(PromptTest, TablesFitTheTerminalUnlessWidthIsFull) {
    const std::string text(300, 'x');
    ASSERT_EQ(run("put text/1 '{\"text\":\"" + text + "\",\"n\":9007199254740993}'").status, 0);
    const auto terminal = open(40);
    const std::string query = "SELECT * FROM texts;";
    const std::string shown = after(*terminal, query);
    EXPECT_NE(shown.find("…  9007199254740993\n"), std::string::npos) << shown;
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("(")) break;
        EXPECT_LE(line.size(), 42U) << line;  // the mark has three bytes
    }
    EXPECT_EQ(shown.find(std::string(40, 'x')), std::string::npos);
    EXPECT_EQ(after(*terminal, ".width full"), "");
    EXPECT_NE(after(*terminal, query).find(text), std::string::npos);
    EXPECT_EQ(after(*terminal, ".width 60"), "");
    const std::string wider = after(*terminal, query);
    EXPECT_NE(wider.find(std::string(37, 'x') + "…"), std::string::npos) << wider;
    EXPECT_EQ(wider.find(std::string(38, 'x')), std::string::npos) << wider;
    EXPECT_EQ(after(*terminal, ".width"), "60\n");
    EXPECT_NE(after(*terminal, ".width -1").find("invalid width"), std::string::npos);
    EXPECT_EQ(after(*terminal, ".width auto"), "");
}

TEST_F(PromptTest, StatementsAreRememberedForTheNextTime) {
    {
        const auto terminal = open();
        after(*terminal, "SELECT 41 + 1 AS answer;");
        terminal->type(".quit\n");
        EXPECT_EQ(terminal->wait(), 0);
    }
    const auto terminal = open();
    EXPECT_TRUE(terminal->reads_keys());
    terminal->type("\x10");  // Ctrl-P: the line before
    terminal->read_until(".quit");
    terminal->type("\x10");
    terminal->read_until("41 + 1 AS answer;");
    terminal->type("\n");
    EXPECT_NE(terminal->read_until(ready).find("42"), std::string::npos);
}

}  // namespace
}  // namespace ringside
