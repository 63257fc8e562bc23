#include <fstream>
#include <regex>
#include <set>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// `ringside copy` and `rename`; completion scripts and manual pages, which the programs generate
/// from the definitions behind --help.
namespace ringside {
namespace {

using testing::CliTest;
using testing::shell;

class CopyTest : public CliTest {};

TEST_F(CopyTest, CopiesAndRenamesRecords) {
    ASSERT_EQ(run("put a '{\"n\":1}' --ttl 1h").status, 0);
    EXPECT_EQ(run("copy a b").status, 0);
    expect("get b", R"({"n":1})");
    EXPECT_GT(number_in(run("dump b").output, "ttl_ms"), 0U);
    expect_status("rename a b", 1);
    expect("ls", "a\nb");
    EXPECT_EQ(run("rename a b --replace").status, 0);
    expect("ls", "b");
    expect_status("rename a c", 1);
    expect_status("rename b b", 2);
    expect("ls", "b");
}

class CompletionTest : public CliTest {};

TEST_F(CompletionTest, CompletionKnowsCommandsAndTheirOptions) {
    const testing::TemporaryDirectory directory;
    const std::string script = directory / "script";
    const auto completed = [&](const std::string& words, const std::string& last) {
        std::ofstream(script) << "source <(" << built::cli << " completion bash)\n"
                              << "COMP_WORDS=(ringside " << words << " '" << last << "')\n"
                              << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                              << "_ringside\n"
                              << "echo \"${COMPREPLY[@]}\"\n";
        return shell("bash " + script).output;
    };
    EXPECT_EQ(completed("", "pu"), "put publish\n");
    EXPECT_EQ(completed("put", "--if"), "--if-version --if-revision --if-absent\n");
    EXPECT_EQ(completed("--grid x index", "a"), "add\n");
    EXPECT_EQ(completed("index add", "--g"), "--grid\n");
    EXPECT_EQ(completed("index add", "--he"), "--help\n")
        << "once, although the program has it, too";
    EXPECT_EQ(completed("", "--man"), "\n") << "it is hidden";
}

bool is_installed(const std::string& program) { return shell("command -v " + program).status == 0; }

TEST_F(CompletionTest, ZshGetsCandidatesWithDescriptions) {
    const std::string printed = shell(std::string(built::cli) + " completion zsh").output;
    EXPECT_TRUE(printed.starts_with("#compdef ringside\n"));
    EXPECT_NE(printed.find("'--if-version:"), std::string::npos);
    const testing::TemporaryDirectory directory;
    const std::string script = directory / "script";
    // Stands in for the completion system: prints what it would be given.
    std::ofstream(script)
        << "compdef() { :; }; _describe() { print -l -- ${(P)2} }; _files() { :; }\n"
        << printed << "words=(ringside --grid x index '')\n"
        << "CURRENT=$#words\n_ringside\n";
    if (!is_installed("zsh")) GTEST_SKIP() << "there is no zsh";
    const std::string given = shell("zsh -f " + script).output;
    EXPECT_NE(given.find("add:"), std::string::npos) << given;
    EXPECT_NE(given.find("--grid:Grid name"), std::string::npos) << given;
    EXPECT_EQ(given.find("publish:"), std::string::npos) << given;
}

TEST_F(CompletionTest, FishCompletesCommandsAndTheirOptions) {
    const std::string printed = shell(std::string(built::cli) + " completion fish").output;
    EXPECT_NE(printed.find("complete -c ringside -n 'test (__ringside_command) = ringside/index' "
                           "-f -a add -d "),
              std::string::npos);
    const testing::TemporaryDirectory directory;
    const std::string script = directory / "script";
    const auto run_fish = [&](const std::string& line) {
        std::ofstream(script) << printed << "complete -C '" << line << "'\n";
        return "HOME=" + directory.path() + " fish --no-config " + script;
    };
    if (!is_installed("fish")) GTEST_SKIP() << "there is no fish";
    const std::string commands = shell(run_fish("ringside pu")).output;
    EXPECT_NE(commands.find("put\t"), std::string::npos) << commands;
    EXPECT_NE(commands.find("publish\t"), std::string::npos) << commands;
    const std::string options = shell(run_fish("ringside put --if")).output;
    EXPECT_NE(options.find("--if-version\t"), std::string::npos) << options;
    const std::string inner = shell(run_fish("ringside --grid x index a")).output;
    EXPECT_NE(inner.find("add\t"), std::string::npos) << inner;
    EXPECT_EQ(inner.find("put"), std::string::npos) << inner;
}

std::set<std::string> matches_in(const std::string& text, const char* pattern) {
    const std::regex word(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), word); at != std::sregex_iterator();
         ++at) {
        found.insert((*at)[1]);
    }
    return found;
}

std::string without_escapes(const std::string& page) {
    return std::regex_replace(page, std::regex(R"(\\-)"), "-");
}

struct Program {
    const char* path;
    const char* title;
};

class Manual : public ::testing::TestWithParam<Program> {
protected:
    std::string page_ = shell(std::string(GetParam().path) + " --man-page").output;
    std::string help_ = shell(std::string(GetParam().path) + " --help").output;
};

TEST_P(Manual, PageHasATitleAndEachOptionOfTheHelp) {
    EXPECT_TRUE(page_.starts_with(std::string(".TH ") + GetParam().title)) << page_.substr(0, 80);
    for (const char* section : {"NAME", "SYNOPSIS", "OPTIONS", "SEE ALSO"}) {
        EXPECT_NE(page_.find(std::string("\n.SH \"") + section + "\"\n"), std::string::npos);
    }
    const auto described = matches_in(without_escapes(page_), R"((--[a-z][a-z-]*)\\fR)");
    const auto helped = matches_in(help_, R"(\n +(?:-[a-z],)?(--[a-z][a-z-]*))");
    EXPECT_GE(helped.size(), 2U) << help_;
    for (const std::string& option : helped) EXPECT_TRUE(described.contains(option)) << option;
    EXPECT_FALSE(helped.contains("--man-page")) << "the option is hidden";
}

TEST_P(Manual, PageHasNoLineThatAFormatterWarnsOf) {
    const testing::TemporaryDirectory directory;
    const std::string file = directory / "page";
    std::ofstream(file) << page_;
    EXPECT_EQ(page_.find("\n\n"), std::string::npos) << "an empty line";
    for (const char c : page_) ASSERT_LT(static_cast<unsigned char>(c), 0x80);
    if (is_installed("groff")) {
        EXPECT_EQ(shell("groff -man -Tutf8 -ww -z " + file).output, "");
    }
    if (is_installed("mandoc")) {
        EXPECT_EQ(shell("mandoc -T lint -W warning " + file).output, "");
    }
}

INSTANTIATE_TEST_SUITE_P(Programs, Manual,
                         ::testing::Values(Program{built::cli, "\"ringside\" \"1\""},
                                           Program{built::broker, "\"ringside-broker\" \"8\""}));

TEST(CliManual, DescribesEachCommand) {
    const std::string cli = built::cli;
    const std::string page = without_escapes(shell(cli + " --man-page").output);
    const auto sections = matches_in(page, R"re(\n\.SS "([^"]+)")re");
    EXPECT_GT(sections.size(), 25U);
    for (const char* command : {"put", "index add", "top", "metrics", "completion"})
        EXPECT_TRUE(sections.contains(command)) << command;
    EXPECT_NE(page.find("RINGSIDE_GRID"), std::string::npos);
    for (const std::string& command : sections)
        EXPECT_EQ(shell(cli + " help " + command).status, 0) << command;
}

}  // namespace
}  // namespace ringside
