#include <fstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// `ringside copy`, `rename` and `completion`.
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
}

}  // namespace
}  // namespace ringside
