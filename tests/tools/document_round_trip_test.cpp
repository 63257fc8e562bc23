#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ringside/client.hpp"
#include "shm/base/limits.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// Documents at their limits through `dump`, `load`, `backup` and `verify`.
namespace ringside {
namespace {

using testing::Outcome;
using testing::shell;
using testing::TemporaryDirectory;
using testing::TestGrid;

class DocumentRoundTrip : public ::testing::Test {
protected:
    [[nodiscard]] static std::string cli(const TestGrid& grid) {
        return std::string(built::cli) + " -g " + grid.name() + " ";
    }
    /// What is in a grid is dumped and loaded into another one.
    void copy_by_dump(const std::string& options = "") {
        ASSERT_EQ(shell(cli(grid_) + "dump > " + file_).status, 0);
        const Outcome loaded = shell(cli(other_) + "load " + file_ + options);
        EXPECT_EQ(loaded.status, 0) << loaded.output.substr(0, 1000);
    }
    [[nodiscard]] static bool has_same(Client& a, Client& b, const std::string& name) {
        const Record mine = a.get(name).value();
        const auto theirs = b.get(name);
        return theirs && mine.document().is_same(theirs->document());
    }

    TemporaryDirectory directory_;
    const std::string file_ = directory_ / "grid.jsonl";
    TestGrid grid_{{"--memory", "512MiB"}};
    TestGrid other_{{"--memory", "512MiB"}};
    Client client_ = Client::attach({.grid = grid_.name()}).value();
    Client copied_ = Client::attach({.grid = other_.name()}).value();
};

TEST_F(DocumentRoundTrip, LoadReadsWhatDumpHasWrittenOfDocumentsAtTheirLimits) {
    const std::string deepest =
        std::string(limits::depth_max, '[') + "1" + std::string(limits::depth_max, ']');
    std::string long_printed = "[1e5";
    while (long_printed.size() < 9'000'000) long_printed += ",1e5";
    client_.put("deepest", deepest).value();
    client_.put("longest", '"' + std::string(limits::document_bytes_max - 2, 'x') + '"').value();
    client_.put("long printed", long_printed + "]").value();
    client_.put("numbers", "[-0,1e20,100000000000000000000,5e-324,18446744073709551615,1.0]")
        .value();
    copy_by_dump();
    for (const char* name : {"deepest", "longest", "long printed", "numbers"}) {
        EXPECT_TRUE(has_same(client_, copied_, name)) << name;
    }
    copy_by_dump(" --merge");
}

TEST_F(DocumentRoundTrip, LoadReadsADocumentThatPatchesHaveMadeLarge) {
    // Each half is as much as one text holds; together they take 27 MiB when they are encoded.
    std::string half = "[1e300";
    while (half.size() < 10'000'000) half += ",1e300";
    half += "]";
    client_.put("grown", R"({"a":)" + half + "}").value();
    client_.patch("grown", "/b", half).value();
    copy_by_dump();
    EXPECT_TRUE(has_same(client_, copied_, "grown"));
}

class VerifyOfPages : public ::testing::Test {
protected:
    void SetUp() override {
        Client client = Client::attach({.grid = grid_.name()}).value();
        std::string json = "[";
        for (int i = 0; i < 2000; ++i) json += R"({"mark":"MARK)" + std::to_string(i) + R"("},)";
        json.back() = ']';
        client.put("small", "[1,2]").value();
        client.put("large", json).value();
        client.put("text", '"' + std::string(5000, 'x') + '"').value();
        client.patch("large", "/7/mark", "\"another\"").value();
    }
    [[nodiscard]] Outcome verify() const {
        return shell(std::string(built::cli) + " -g " + grid_.name() + " verify --json");
    }
    TestGrid grid_;
};

TEST_F(VerifyOfPages, FindsNothingWrongWithLargeRecords) {
    const Outcome live = verify();
    EXPECT_EQ(live.status, 0) << live.output;
    grid_.kill_broker();
    const Outcome dead = verify();
    EXPECT_EQ(dead.status, 0) << dead.output;
}

TEST_F(VerifyOfPages, FindsDamageInAPage) {
    grid_.kill_broker();
    const auto paths = shm::GridPaths::of(grid_.name()).value();
    std::fstream segment(paths.segment_path, std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes(std::filesystem::file_size(paths.segment_path), '\0');
    ASSERT_TRUE(segment.read(bytes.data(), static_cast<std::streamsize>(bytes.size())));
    const std::size_t at = bytes.find("MARK1234");
    ASSERT_NE(at, std::string::npos);
    segment.clear();
    segment.seekp(static_cast<std::streamoff>(at));
    segment.put('\xFF');
    segment.close();
    const Outcome found = verify();
    EXPECT_EQ(found.status, 1) << found.output;
    EXPECT_NE(found.output.find("UTF-8"), std::string::npos) << found.output;
}

}  // namespace
}  // namespace ringside
