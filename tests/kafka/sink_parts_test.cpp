#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <toml++/toml.h>

#include "ringside/record.hpp"
#include "tools/kafka/sink/acknowledgements.hpp"
#include "tools/kafka/sink/json_patch.hpp"
#include "tools/kafka/sink/options.hpp"
#include "tools/kafka/sink/selection.hpp"

namespace ringside::kafka {
namespace {

using ::testing::HasSubstr;

TEST(Acknowledgements, CompleteRevisionPrecedesTheFirstOneUnderWay) {
    Acknowledgements acknowledgements;
    const auto five = acknowledgements.add(5);
    const auto eight = acknowledgements.add(8);
    const auto eight_too = acknowledgements.add(8);
    EXPECT_EQ(acknowledgements.complete(9), 4);
    acknowledgements.settle(eight);
    EXPECT_EQ(acknowledgements.complete(9), 4) << "in whichever order they come";
    acknowledgements.settle(five);
    EXPECT_EQ(acknowledgements.complete(9), 7) << "whole revisions only";
    acknowledgements.settle(eight_too);
    EXPECT_EQ(acknowledgements.complete(9), 9);
}

TEST(Acknowledgements, AcknowledgedRevisionMayGetFurtherMessages) {
    Acknowledgements acknowledgements;
    acknowledgements.settle(acknowledgements.add(5));
    EXPECT_EQ(acknowledgements.complete(4), 4);
    const auto more = acknowledgements.add(5);
    EXPECT_EQ(acknowledgements.complete(4), 4);
    EXPECT_EQ(acknowledgements.revision(more), 5);
}

TEST(Acknowledgements, StateCompletesNothingBeforeItsEnd) {
    Acknowledgements acknowledgements;
    const auto five = acknowledgements.add(5);
    const auto state = acknowledgements.add_of_state(100);
    acknowledgements.settle(five);
    EXPECT_EQ(acknowledgements.complete(100), 0);
    acknowledgements.settle(state);
    EXPECT_EQ(acknowledgements.complete(100), 100);
}

Selection selection_of(const std::vector<std::string>& texts) {
    std::vector<Pattern> patterns;
    for (const std::string& text : texts) patterns.push_back(Pattern::parse(text).value());
    return {patterns, "out"};
}

TEST(Selection, IsReadByOnePatternThatMatchesAllOfIt) {
    EXPECT_EQ(selection_of({"event/*/seat"}).widest(), "event/*/seat");
    EXPECT_EQ(selection_of({"event/1/*", "event/2/*"}).widest(), "event/**");
    EXPECT_EQ(selection_of({"event/1/ab", "event/1/ac"}).widest(), "event/1/**");
    EXPECT_EQ(selection_of({"event/**", "order/*"}).widest(), "**");
    EXPECT_EQ(selection_of({"$sys/session/*", "$sys/presence/*"}).widest(), "$sys/**");
}

TEST(Selection, LeavesRecordsOfTheToolToPatternsThatNameThem) {
    const Selection all = selection_of({"**"});
    EXPECT_TRUE(all.matches("event/1"));
    EXPECT_FALSE(all.matches("kafka/group/seats/0"));
    const Selection both = selection_of({"event/**", "kafka/**"});
    EXPECT_TRUE(both.matches("event/1"));
    EXPECT_FALSE(both.matches("order/1"));
    EXPECT_TRUE(both.matches("kafka/group/seats/0"));
    EXPECT_FALSE(both.matches("kafka/out/@position")) << "its own: it would never come to rest";
}

std::string patch_of(std::string_view json, std::string_view path) {
    const Document document = Document::parse(json).value();
    std::string out;
    return append_json_patch(document.root(), path, out) ? out : "none";
}

TEST(JsonPatch, AddsOrReplacesAMember) {
    EXPECT_EQ(patch_of(R"({"a":{"b/c":1}})", "/a/b~1c"),
              R"([{"op":"add","path":"/a/b~1c","value":1}])");
}
TEST(JsonPatch, RemovesAMemberThatIsGone) {
    EXPECT_EQ(patch_of(R"({"a":{}})", "/a/b"), R"([{"op":"remove","path":"/a/b"}])");
}
TEST(JsonPatch, ReplacesAnElement) {
    EXPECT_EQ(patch_of("[[1,2],3]", "/0/0"), R"([{"op":"replace","path":"/0/0","value":1}])");
}
TEST(JsonPatch, IsNotMadeOfTheLastElementWhichMayHaveBeenAppended) {
    EXPECT_EQ(patch_of("[1,2]", "/1"), "none");
    EXPECT_EQ(patch_of("[1,2]", "/2"), "none");
}
TEST(JsonPatch, AddsAnElementAtTheEnd) {
    EXPECT_EQ(patch_of("[1,2]", "/-"), R"([{"op":"add","path":"/-","value":2}])");
}
TEST(JsonPatch, NoPatchIsMadeIfThePathIsAmbiguous) {
    EXPECT_EQ(patch_of("{}", ""), "none");
    EXPECT_EQ(patch_of("{}", "/a/b"), "none");
    EXPECT_EQ(patch_of("[1]", "/4"), "none");
    EXPECT_EQ(patch_of("[]", "/-"), "none");
    EXPECT_EQ(patch_of("7", "/a"), "none");
}

Result<std::vector<SinkOptions>> sinks_of(const std::string& text) {
    return read_sinks(toml::parse(text), tools::TomlFile("kafka.toml"), Properties());
}
std::string refusal_of(const std::string& text) {
    const auto sinks = sinks_of(text);
    return sinks ? std::string("accepted") : sinks.error().text();
}

constexpr const char* least = "[[sink]]\nname = \"out\"\ntopic = \"t\"\npatterns = [\"a/**\"]\n";

TEST(SinkOptions, HaveDefaults) {
    const auto sinks = sinks_of(least);
    ASSERT_TRUE(sinks) << sinks.error().text();
    ASSERT_EQ(sinks->size(), 1);
    EXPECT_EQ(sinks->front().value, ValueForm::document);
    EXPECT_EQ(sinks->front().start, SinkStart::snapshot);
    EXPECT_EQ(sinks->front().on_too_large, TooLarge::stop);
    EXPECT_EQ(sinks->front().marker_key, std::nullopt);
}

TEST(SinkOptions, AllOptionsAreRead) {
    const auto sinks = sinks_of(std::string(least) + R"(value = "change"
start = "now"
on_too_large = "skip"
marker_key = "marker"
snapshot_lease_s = 60
[sink.kafka]
"linger.ms" = 5)");
    ASSERT_TRUE(sinks) << sinks.error().text();
    const SinkOptions& sink = sinks->front();
    EXPECT_EQ(sink.value, ValueForm::change);
    EXPECT_EQ(sink.start, SinkStart::now);
    EXPECT_EQ(sink.on_too_large, TooLarge::skip);
    EXPECT_EQ(sink.marker_key, "marker");
    EXPECT_EQ(sink.snapshot_lease, std::chrono::seconds(60));
    EXPECT_EQ(*sink.kafka.find("linger.ms"), "5");
}

TEST(SinkOptions, InvalidOptionsAreRefusedWithTheirLine) {
    EXPECT_THAT(refusal_of("[[sink]]\nname = \"out\""),
                HasSubstr("kafka.toml:1: [[sink]] is incomplete; set name, topic and patterns"));
    EXPECT_THAT(refusal_of(std::string(least) + "valeu = 1"),
                HasSubstr("kafka.toml:5: 'valeu' is not an option of a [[sink]]"));
    EXPECT_THAT(refusal_of(std::string(least) + "value = \"half\""),
                HasSubstr("value must be one of 'document' 'change'"));
    EXPECT_THAT(refusal_of(std::string(least) + "snapshot_lease_s = 3601"),
                HasSubstr("snapshot_lease_s must be an integer from 1 to 3600"));
    EXPECT_THAT(refusal_of(std::string(least) + "kafka = 7"), HasSubstr("[sink.kafka]"));
    EXPECT_THAT(refusal_of(std::string(least) + "[sink.kafka]\n\"acks\" = 0"),
                HasSubstr("kafka.toml:6: acks cannot be set"));
    EXPECT_THAT(refusal_of("sink = 7"), HasSubstr("[[sink]]"));
    EXPECT_THAT(refusal_of(std::string(least) + least), HasSubstr("duplicate sink name 'out'"));
}

TEST(SinkOptions, RefusePatternsAndNamesThatCannotBe) {
    const auto with = [](const std::string& name, const std::string& patterns) {
        return refusal_of("[[sink]]\nname = \"" + name +
                          "\"\ntopic = \"t\"\npatterns = " + patterns);
    };
    EXPECT_THAT(with("out", "[\"a//b\"]"), HasSubstr("kafka.toml:4"));
    EXPECT_THAT(with("out", "[]"), HasSubstr("at least one"));
    EXPECT_THAT(with("out", "[\"$sys/**\", \"a\"]"), HasSubstr("their own [[sink]]"));
    EXPECT_THAT(with("a/b", "[\"a\"]"), HasSubstr("one level of a record name"));
    EXPECT_THAT(with("@a", "[\"a\"]"), HasSubstr("one level of a record name"));
}

TEST(SinkOptions, HaveLimits) {
    std::string patterns = "[";
    for (std::size_t i = 0; i <= SinkOptions::patterns_max; ++i) patterns += "\"a\",";
    EXPECT_THAT(refusal_of("[[sink]]\nname = \"out\"\ntopic = \"t\"\npatterns = " + patterns + "]"),
                HasSubstr("sink has more than 64 patterns"));
    std::string sinks;
    for (std::size_t i = 0; i <= SinkOptions::sinks_max; ++i) {
        sinks +=
            "[[sink]]\nname = \"s" + std::to_string(i) + "\"\ntopic = \"t\"\npatterns = [\"a\"]\n";
    }
    EXPECT_THAT(refusal_of(sinks), HasSubstr("more than 16 sinks"));
}

}  // namespace
}  // namespace ringside::kafka
