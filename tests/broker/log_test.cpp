#include <gtest/gtest.h>
#include <simdjson.h>
#include <spdlog/details/log_msg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>
#include <string>

#include "broker/daemon/log.hpp"
#include "broker/daemon/log_pattern.hpp"

/// What a line of the log looks like, in each format and at each target.
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

}  // namespace
}  // namespace ringside::daemon
