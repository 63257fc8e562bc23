#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>

#include "shm/base/descriptor.hpp"
#include "shm/base/printable.hpp"
#include "tests/support/cli_test.hpp"
#include "tools/support/display_width.hpp"

/// How text is shown on a terminal.
namespace ringside {
namespace {

using testing::CliTest;
using tools::clip_to_width;
using tools::display_width;
using tools::pad_left;
using tools::pad_right;

TEST(DisplayWidth, CountsTheColumnsOfATerminal) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("Zürich"), 6U);
    EXPECT_EQ(display_width("日本"), 4U);
    EXPECT_EQ(display_width("한국"), 4U);
    EXPECT_EQ(display_width("Ａ"), 2U) << "fullwidth";
    EXPECT_EQ(display_width("e\u0301"), 1U) << "combining";
    EXPECT_EQ(display_width("🎟"), 1U) << "an emoji that is text by default";
    EXPECT_EQ(display_width("🎫"), 2U);
    EXPECT_EQ(display_width("a\u200Bb"), 2U) << "no width";
    EXPECT_EQ(display_width("\xFF"), 1U);
}

TEST(DisplayWidth, PadsAndClipsByColumns) {
    EXPECT_EQ(pad_right("日本", 6), "日本  ");
    EXPECT_EQ(pad_left("日本", 6), "  日本");
    EXPECT_EQ(pad_left("日本", 3), "日本");
    EXPECT_EQ(clip_to_width("日本語", 4), "日本");
    EXPECT_EQ(clip_to_width("日本語", 5), "日本") << "no half of a character";
    EXPECT_EQ(clip_to_width("e\u0301e\u0301", 1), "e\u0301") << "with its accent";
    EXPECT_EQ(clip_to_width("abc", 2), "ab");
}

TEST(Printable, EscapesWhatChangesHowATerminalShowsText) {
    EXPECT_EQ(printable("a\n\t\r\x1B\x7F"), "a\\n\\t\\r\\u001b\\u007f");
    EXPECT_EQ(printable("\u0080\u009B\u009F"), "\\u0080\\u009b\\u009f");
    for (const auto& [text, shown] : {std::pair("\u061C", "\\u061c"),
                                      {"\u200E", "\\u200e"},
                                      {"\u200F", "\\u200f"},
                                      {"\u2028", "\\u2028"},
                                      {"\u202A", "\\u202a"},
                                      {"\u202E", "\\u202e"},
                                      {"\u2066", "\\u2066"},
                                      {"\u2069", "\\u2069"}}) {
        EXPECT_EQ(printable(text), shown);
        EXPECT_FALSE(is_printable(text)) << shown;
    }
    EXPECT_EQ(printable("\xFF\xC3"), "\\xff\\xc3");
}

TEST(Printable, LeavesOtherTextAlone) {
    for (const char* text : {"", "abc", "\\n", "Zürich/日本", "🎫", "\u00A0", "\u200D", "\u2065",
                             "\u206A", "\u2027", "\u202F"}) {
        EXPECT_EQ(printable(text), text);
        EXPECT_TRUE(is_printable(text)) << text;
    }
}

TEST(Printable, TakesCharactersOffText) {
    const std::string all = "a\u00E9\u20AC\U0001F3AB";
    std::string_view text = all;
    for (const char32_t c : {U'a', U'\u00E9', U'\u20AC', U'\U0001F3AB'}) {
        EXPECT_EQ(take_character(text), c);
    }
    EXPECT_TRUE(text.empty());
    for (const std::string bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                  "\xF4\x90\x80\x80", "\xF5", "\xE2\x82"}) {
        std::string_view rest = bad;
        const auto first = static_cast<unsigned char>(bad[0]);
        EXPECT_EQ(take_character(rest), not_a_character | first);
        EXPECT_EQ(rest.size(), bad.size() - 1);
    }
}

class DisplayTest : public CliTest {};

TEST_F(DisplayTest, TablesAreAlignedByDisplayWidth) {
    ASSERT_EQ(run("put 日本/1 '{\"city\":\"東京\"}'").status, 0);
    ASSERT_EQ(run("put 日本/2 '{\"city\":\"Ōtsu e\u0301\"}'").status, 0);
    expect("query -f table --table '市=日本/*(n:1, city)' 'SELECT city AS 都市, n FROM 市'",
           "都市    n\n"
           "------  -\n"
           "東京    1\n"
           "Ōtsu e\u0301  2");
}

TEST_F(DisplayTest, HumanOutputShowsControlCharactersAsEscapes) {
    // Documents, and names with a writing direction, can still contain text that an earlier release
    // accepted.
    ASSERT_EQ(run("put 'a\u202Eb' '\"x\u009By\u202E\"'").status, 0);
    expect("ls", "\"a\\u202eb\"");
    expect("query -f table 'SELECT name, document FROM records'",
           "name      document\n"
           "--------  ----------------\n"
           "a\\u202eb  \"x\\u009by\\u202e\"");
    const auto missing = run("get 'c\u202Ed'");
    EXPECT_EQ(missing.output.find("\u202E"), std::string::npos) << missing.output;
    EXPECT_NE(missing.output.find("c\\u202ed"), std::string::npos) << missing.output;
}

TEST_F(DisplayTest, OutputForProgramsIsUnchanged) {
    ASSERT_EQ(run("put 'a\u202Eb' '\"x\u009By\"'").status, 0);
    expect("get 'a\u202Eb'", "\"x\u009By\"");
    EXPECT_EQ(run("ls --null").output, std::string("a\u202Eb\0", 6));
    EXPECT_EQ(testing::shell(cli() + "ls -0 | xargs -0 -n 1 " + cli() + "get").output,
              "\"x\u009By\"\n");
}

TEST_F(DisplayTest, TerminalSeesEscapesInJson) {
    ASSERT_EQ(run("put a '\"x\u009By\"'").status, 0);
    const Descriptor terminal(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(terminal.is_open());
    ASSERT_EQ(grantpt(terminal.get()), 0);
    ASSERT_EQ(unlockpt(terminal.get()), 0);
    const std::string path = ptsname(terminal.get());
    const Descriptor kept_open(open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(run("get a > " + path).status, 0);
    std::array<char, 100> seen{};
    const ssize_t bytes = read(terminal.get(), seen.data(), seen.size());
    ASSERT_GT(bytes, 0);
    EXPECT_EQ(std::string(seen.data(), static_cast<std::size_t>(bytes)), "\"x\\u009by\"\r\n");
}

TEST_F(DisplayTest, NamesWithC1ControlsAreRefused) {
    const auto refused = run("put 'a\u009Bb' 1");
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.output.find("bad_name: "), std::string::npos) << refused.output;
    EXPECT_EQ(run("ls 'a\u009B*'").status, 2);
    EXPECT_EQ(run("publish 'a\u0085b' 1").status, 2);
    expect("ls", "");
}

}  // namespace
}  // namespace ringside
