#include "tools/kafka/source/position.hpp"

#include <gtest/gtest.h>

#include "ringside/record.hpp"

namespace ringside::testing {
namespace {

using kafka::parse_position;
using kafka::SourcePosition;

std::optional<SourcePosition> parse(const char* json) {
    return parse_position(Document::parse(json).value().root());
}

TEST(SourcePositions, HaveAnOffsetAndARun) {
    EXPECT_EQ(parse(R"({"offset":7,"run":"0123456789abcdef"})"),
              (SourcePosition{7, kafka::Run{0x0123'4567'89ab'cdef}}));
    EXPECT_EQ(parse(R"({"run":"0000000000000000","offset":0})"),
              (SourcePosition{0, kafka::Run{0}}));
    EXPECT_EQ(parse(R"({"offset":9223372036854775807,"run":"ffffffffffffffff"})"),
              (SourcePosition{INT64_MAX, kafka::Run{UINT64_MAX}}));
}

TEST(SourcePositions, MayHaveNoRun) {
    EXPECT_EQ(parse(R"({"offset":7})"), (SourcePosition{7, std::nullopt}));
    EXPECT_NE(parse(R"({"offset":7})"), parse(R"({"offset":7,"run":"0000000000000000"})"));
}

TEST(SourcePositions, DrawnRunsDiffer) { EXPECT_NE(kafka::draw_run(), kafka::draw_run()); }

class OtherDocument : public ::testing::TestWithParam<const char*> {};

TEST_P(OtherDocument, IsNotASourcePosition) { EXPECT_EQ(parse(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(
    SourcePositions, OtherDocument,
    ::testing::Values(
        "7", "null", "[7]", "{}", R"({"run":"0123456789abcdef"})",
        // offsets
        R"({"offset":-1})", R"({"offset":7.0})", R"({"offset":"7"})", R"({"offset":null})",
        R"({"offset":9223372036854775808})",
        // runs
        R"({"offset":7,"run":null})", R"({"offset":7,"run":1})", R"({"offset":7,"run":""})",
        R"({"offset":7,"run":"0123456789abcde"})", R"({"offset":7,"run":"0123456789abcdef0"})",
        R"({"offset":7,"run":"0123456789ABCDEF"})", R"({"offset":7,"run":"0x23456789abcdef"})",
        R"({"offset":7,"run":"-123456789abcdef"})", R"({"offset":7,"run":" 123456789abcdef"})",
        // further members
        R"({"offset":7,"note":"mine"})", R"({"offset":7,"run":"0123456789abcdef","note":"mine"})"));

}  // namespace
}  // namespace ringside::testing
