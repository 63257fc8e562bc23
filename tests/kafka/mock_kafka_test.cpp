#include "tests/kafka/mock_kafka.hpp"

#include "tests/support/process.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {
namespace {

TEST(MockKafka, WrittenMessagesAreReadInOrder) {
    MockKafka kafka;
    const std::string topic = kafka.make_topic("order", 2);

    produce(kafka, topic, {{"a", "1"}, {"a", "2", {{"h", "x"}}}, {"a", std::nullopt}});
    const auto got = consume(kafka, topic, 3);

    ASSERT_EQ(got.size(), 3);
    EXPECT_EQ(got[0].value, "1");
    EXPECT_EQ(got[1].value, "2");
    EXPECT_EQ(got[1].headers.at("h"), "x");
    EXPECT_EQ(got[2].value, std::nullopt);
}

TEST(MockKafka, InvalidCommandIsReported) {
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    EXPECT_THROW(kafka.command("topic onsale many"), std::runtime_error);
    EXPECT_THROW(kafka.command("nonsense"), std::runtime_error);
}

TEST(MockKafka, IsReadByDebiansKcat) {
    if (*built::kcat == '\0') GTEST_SKIP() << "kcat is not installed";
    MockKafka kafka;
    const std::string topic = kafka.make_topic("kcat");
    produce(kafka, topic, {{"seat", "free"}});

    Process kcat({built::kcat, "-b", kafka.bootstrap(), "-C", "-t", topic, "-o", "beginning", "-c",
                  "1", "-f", "%k=%s\\n", "-q"});

    EXPECT_EQ(kcat.read_line(), "seat=free");
    EXPECT_EQ(kcat.finish(0), 0);
}

}  // namespace
}  // namespace ringside::testing
