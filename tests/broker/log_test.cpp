#include <gtest/gtest.h>
#include <simdjson.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <sstream>
#include <string>

#include "broker/daemon/folding_sink.hpp"
#include "broker/daemon/log.hpp"
#include "broker/daemon/log_pattern.hpp"

/// The lines of the log in each format and at each target.
namespace ringside::daemon {
namespace {

std::string line_of(const std::string& format, LogTarget target, spdlog::level::level_enum level,
                    const std::string& text) {
    const spdlog::details::log_msg message("ringside-broker", level, text);
    spdlog::memory_buf_t out;
    make_formatter(format, target)->format(message, out);
    return {out.data(), out.size()};
}

TEST(Log, TextLineHasTimeWithZoneLevelAndMessage) {
    const std::string line =
        line_of("text", LogTarget::plain, spdlog::level::warn, "grid is \"full\"");
    const std::regex wanted(
        R"re(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d warning grid is "full"\n)re");
    EXPECT_TRUE(std::regex_match(line, wanted)) << line;
}

TEST(Log, JsonLineIsAnObjectWhateverTheMessageHolds) {
    const std::string text = "a \"b\" \\ c\nd\x1b[1m \xc3\xa9";
    const std::string line = line_of("json", LogTarget::plain, spdlog::level::err, text);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    simdjson::dom::parser parser;
    const simdjson::dom::object object = parser.parse(line).value();
    EXPECT_EQ(std::string_view(object["level"]), "error");
    EXPECT_EQ(std::string_view(object["program"]), "ringside-broker");
    EXPECT_EQ(std::int64_t(object["pid"]), getpid());
    EXPECT_EQ(std::string_view(object["message"]), text);
    const std::regex time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d)");
    EXPECT_TRUE(std::regex_match(std::string(std::string_view(object["time"])), time)) << line;
}

TEST(Log, JsonOfBytesThatAreNoUtf8CanBeParsed) {
    const std::string line = line_of("json", LogTarget::plain, spdlog::level::info, "a\xff\xc3");
    simdjson::dom::parser parser;
    EXPECT_EQ(std::string_view(parser.parse(line)["message"]), "a??");
}

TEST(Log, MessageCannotForgeAnotherLine) {
    const std::string line =
        line_of("text", LogTarget::plain, spdlog::level::info, "user x\n2026 error all is lost");
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_NE(line.find("user x\\n2026"), std::string::npos) << line;
}

TEST(Log, LinesForTheJournalBeginWithTheirPriority) {
    const auto line = [](const std::string& format, spdlog::level::level_enum level) {
        return line_of(format, LogTarget::journal, level, "words");
    };
    EXPECT_EQ(line("text", spdlog::level::err), "<3>words\n");
    EXPECT_EQ(line("text", spdlog::level::warn), "<4>words\n");
    EXPECT_EQ(line("text", spdlog::level::info), "<6>words\n");
    EXPECT_EQ(line("text", spdlog::level::debug), "<7>words\n");
    EXPECT_TRUE(line("json", spdlog::level::warn).starts_with("<4>{\"time\":"));
}

TEST(Log, JournalIsTheStreamOfThatDeviceAndInode) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    struct stat there {};
    ASSERT_EQ(fstat(ends[1], &there), 0);
    const std::string stream = std::to_string(there.st_dev) + ":" + std::to_string(there.st_ino);
    EXPECT_TRUE(is_journal(ends[1], stream.c_str()));
    EXPECT_FALSE(is_journal(ends[1], (stream + "0").c_str()));
    EXPECT_FALSE(is_journal(ends[1], "nonsense"));
    EXPECT_FALSE(is_journal(ends[1], nullptr));
    close(ends[0]);
    close(ends[1]);
    EXPECT_FALSE(is_journal(ends[1], stream.c_str()));
}

TEST(Log, OptionsHaveKnownLevelsAndFormats) {
    EXPECT_TRUE(check_log_options({"p", "debug", "json", ""}));
    EXPECT_EQ(check_log_options({"p", "loud", "text", ""}).error(), Errc::bad_configuration);
    EXPECT_EQ(check_log_options({"p", "info", "xml", ""}).error(), Errc::bad_configuration);
}

/// A folding sink whose output is kept as text.
class Folding : public ::testing::Test {
protected:
    std::ostringstream out_;
    std::shared_ptr<spdlog::sinks::ostream_sink_mt> inner_ =
        std::make_shared<spdlog::sinks::ostream_sink_mt>(out_);
    std::unique_ptr<FoldingSink> sink_ =
        std::make_unique<FoldingSink>(inner_, FoldingSink::Limit{2, std::chrono::seconds(10)});
    spdlog::log_clock::time_point now_ = spdlog::log_clock::now();

    Folding() { sink_->set_pattern("%l %v"); }

    void log(const std::string& text, spdlog::level::level_enum level = spdlog::level::info) {
        sink_->log(spdlog::details::log_msg(now_, spdlog::source_loc(), "test", level, text));
    }
    [[nodiscard]] std::string take() {
        std::string text = out_.str();
        out_.str("");
        return text;
    }
};

TEST_F(Folding, FurtherLinesOfAKindAreCountedUntilTheIntervalIsOver) {
    for (int i = 0; i < 5; ++i) log("user 'u" + std::to_string(i) + "' may not read 'a'");
    EXPECT_EQ(take(), "info user 'u0' may not read 'a'\ninfo user 'u1' may not read 'a'\n");
    log("10.0.0.1 is not known");
    EXPECT_EQ(take(), "info 10.0.0.1 is not known\n") << "another kind";
    now_ += std::chrono::seconds(10);
    log("10.0.0.2 is not known");
    EXPECT_EQ(take(),
              "info 3 more lines like this: user 'u4' may not read 'a'\n"
              "info 10.0.0.2 is not known\n");
}

TEST_F(Folding, ClockThatIsSetBackEndsAnInterval) {
    for (int i = 0; i < 3; ++i) log("again");
    EXPECT_FALSE(take().empty());
    now_ -= std::chrono::hours(1);
    log("again");
    EXPECT_EQ(take(), "info 1 more lines like this: again\ninfo again\n");
}

TEST_F(Folding, ErrorsAndDebugLinesAreAlwaysWritten) {
    for (int i = 0; i < 4; ++i) log("disk", spdlog::level::err);
    for (int i = 0; i < 4; ++i) log("GET", spdlog::level::debug);
    const std::string text = take();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 8);
}

TEST_F(Folding, TheEndOfTheProgramWritesTheCounts) {
    for (int i = 0; i < 4; ++i) log("again", spdlog::level::warn);
    EXPECT_FALSE(take().empty());
    sink_.reset();
    EXPECT_EQ(take(), "warning 2 more lines like this: again\n");
}

TEST_F(Folding, KindsBeyondTheBoundAreLimitedAsOne) {
    const auto name_of = [](std::size_t number) {
        std::string name = "kind ";
        for (; number > 0; number /= 26) name += static_cast<char>('a' + number % 26);
        return name;
    };
    const std::size_t kinds = FoldingSink::kinds_max + 100;
    for (std::size_t i = 1; i <= kinds; ++i) {
        for (int line = 0; line < 2; ++line) log(name_of(i));
    }
    const std::string text = take();
    const std::size_t written = 2 * FoldingSink::kinds_max + 2;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), std::ptrdiff_t(written));
}

TEST(FoldingKind, IsTheLineWithoutQuotedTextsAndNumbers) {
    EXPECT_EQ(kind_of_line("user 'a b' may not write 'x/1'"),
              kind_of_line("user 'c' may not write 'y'"));
    EXPECT_EQ(kind_of_line("[::1]:80 is not known: no key"),
              kind_of_line("10.0.0.9:8080 is not known: no key"));
    EXPECT_NE(kind_of_line("user 'a' may not write 'b'"),
              kind_of_line("user 'a' may not read 'b'"));
    EXPECT_EQ(kind_of_line("an open 'quote"), kind_of_line("an open 'other"));
}

}  // namespace
}  // namespace ringside::daemon
