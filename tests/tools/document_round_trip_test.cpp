#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

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
    /// Dumps a grid and loads the result into another one.
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
    // Each half is as large as a text may be; encoded, they take 27 MiB together.
    std::string half = "[1e300";
    while (half.size() < 10'000'000) half += ",1e300";
    half += "]";
    client_.put("grown", R"({"a":)" + half + "}").value();
    client_.patch("grown", "/b", half).value();
    copy_by_dump();
    EXPECT_TRUE(has_same(client_, copied_, "grown"));
}

/// Random documents of any kind that the grid can hold.
class AnyDocument {
public:
    explicit AnyDocument(unsigned seed) : random_(seed) {}

    std::string json(int depth = 0) {
        switch (random_() % (depth < 4 ? 8 : 6)) {
            case 0: return integer();
            case 1: return real();
            case 2: return string();
            case 3: return std::array{"null", "true", "false"}[random_() % 3];
            case 4: return std::array{"-0", "-0.0", "0", "0.0", "[]", "{}", "\"\""}[random_() % 7];
            case 5:
                return std::array{"9223372036854775807",
                                  "-9223372036854775808",
                                  "18446744073709551615",
                                  "18446744073709551616",
                                  "5e-324",
                                  "1.7976931348623157e308",
                                  "1e-999"}[random_() % 7];
            case 6: return list(depth);
            default: return object(depth);
        }
    }

    /// Returns a name of characters with a meaning in JSON, in a shell or to people.
    std::string name(int number) {
        static constexpr std::array parts{"\"",  "\\",   "{",       "}",      " ",
                                          "'",   "日本", "e\u0301", "\u202E", "\U0001F3AB",
                                          "a/b", ",",    "%2A",     "\uFEFF"};
        std::string text = std::to_string(number);
        for (auto i = random_() % 6; i > 0; --i) text += parts[random_() % parts.size()];
        return text;
    }

private:
    std::string integer() {
        const auto bits = static_cast<std::int64_t>(random_());
        return std::to_string(bits >> (random_() % 64));
    }
    std::string real() {
        double number = 0;
        do {
            const std::uint64_t bits = random_();
            std::memcpy(&number, &bits, sizeof number);
        } while (!std::isfinite(number));
        std::array<char, 40> text;
        return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
    }
    std::string string() {
        static constexpr std::array parts{
            "\\u0000",        "\\u001f", "\x7F",   "\\\"",   "\\\\",       "/",      "é",    "日本",
            "\\ud83c\\udfab", "\u0085",  "\u2028", "\u202E", "\U0010FFFF", "\uFEFF", "name", "\\n"};
        std::string text = "\"";
        for (auto i = random_() % 8; i > 0; --i) text += parts[random_() % parts.size()];
        return text + '"';
    }
    std::string list(int depth) {
        std::string text = "[";
        for (auto i = random_() % 5; i > 0; --i) text += json(depth + 1) + (i > 1 ? "," : "");
        return text + ']';
    }
    std::string object(int depth) {
        std::string text = "{";
        std::set<std::string> keys;
        for (auto i = random_() % 5; i > 0; --i) {
            // Escapes can write one key in two ways.
            const std::string key = string();
            if (!keys.insert(to_json(Document::parse(key).value().root())).second) continue;
            text += (keys.size() > 1 ? "," : "") + key + ":" + json(depth + 1);
        }
        return text + '}';
    }

    std::mt19937_64 random_;
};

TEST_F(DocumentRoundTrip, LoadReadsWhatDumpHasWrittenOfAnyDocument) {
    AnyDocument any(7);
    std::vector<std::string> names;
    for (int i = 0; i < 2000; ++i) {
        names.push_back(any.name(i));
        const std::string json = any.json();
        const auto put = client_.put(names.back(), json);
        ASSERT_TRUE(put) << names.back() << ": " << json << ": " << put.error().text();
    }
    copy_by_dump();
    for (const std::string& name : names) {
        ASSERT_TRUE(has_same(client_, copied_, name))
            << name << ": " << to_json(client_.get(name).value().document());
    }
    EXPECT_TRUE(shell(cli(grid_) + "dump").output == shell(cli(other_) + "dump").output);
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
