#include "tools/support/text_template.hpp"

#include <gmock/gmock.h>

#include "tools/support/duration.hpp"

namespace ringside::tools {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(TextTemplate, IsTextAndWhatStandsInBraces) {
    const auto parts = parse_template("a/{b.c}-{}d");
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 3U);
    EXPECT_EQ((*parts)[0].text, "a/");
    EXPECT_EQ((*parts)[0].placeholder, "b.c");
    EXPECT_EQ((*parts)[1].text, "-");
    EXPECT_EQ((*parts)[1].placeholder, "");
    EXPECT_EQ((*parts)[2].text, "d");
    EXPECT_EQ((*parts)[2].placeholder, std::nullopt);
}

TEST(TextTemplate, NeedsBothBraces) {
    EXPECT_EQ(parse_template("a/{b").error(), Errc::bad_name);
    EXPECT_EQ(parse_template("a/{b").error().detail, "'a/{b' has '{' without '}'");
    EXPECT_EQ(parse_template("{a}/b}").error().detail, "'{a}/b}' has '}' without '{'");
}

TEST(TextTemplate, DottedPathHasNoEmptyMember) {
    EXPECT_THAT(split_dotted_path("a.b").value(), ElementsAre("a", "b"));
    for (const char* bad : {"", ".", "a.", ".a", "a..b"}) EXPECT_FALSE(split_dotted_path(bad));
}

TEST(Duration, HasANumberAndAUnit) {
    EXPECT_EQ(read_duration("500ms", Errc::bad_ttl).value(), milliseconds(500));
    EXPECT_EQ(read_duration("30s", Errc::bad_ttl).value(), milliseconds(30'000));
    EXPECT_EQ(read_duration("2h", Errc::bad_ttl).value(), milliseconds(7'200'000));
    EXPECT_EQ(read_duration("3650d", Errc::bad_ttl).value(), milliseconds(315'360'000'000));
    for (const char* bad : {"", "5", "s", "-1s", "1.5s", "5 m", "1w", "3651d", "0s", "0ms"}) {
        EXPECT_EQ(read_duration(bad, Errc::bad_ttl).error(), Errc::bad_ttl) << bad;
    }
}

}  // namespace
}  // namespace ringside::tools
