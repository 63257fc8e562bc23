#include "tools/kafka/kafka/producer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kafka/mock_kafka.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::kafka {
namespace {

using ringside::testing::consume;
using ringside::testing::MockKafka;
using namespace std::chrono_literals;

/// The outcomes of messages.
struct Outcomes {
    std::vector<std::uint64_t> sent;
    std::vector<std::pair<std::uint64_t, KafkaError>> failed;

    Producer::OnOutcome taker() {
        return [this](std::uint64_t tag, const KafkaError* failure) {
            if (failure == nullptr) sent.push_back(tag);
            else failed.emplace_back(tag, *failure);
        };
    }
};

Properties properties_for(const MockKafka& kafka) {
    Properties properties;
    properties.set("bootstrap.servers", kafka.bootstrap());
    properties.set("linger.ms", "1");
    properties.set("reconnect.backoff.max.ms", "100");
    return properties;
}

TEST(Producer, EachOutcomeIsReported) {
    MockKafka kafka;
    const std::string topic = kafka.make_topic("producer");
    Outcomes outcomes;
    auto producer = Producer::create(properties_for(kafka), topic, outcomes.taker());
    ASSERT_TRUE(producer) << producer.error().text();

    const Header header{"ringside.kind", "put"};
    ASSERT_FALSE(producer->send({.key = "a", .value = "1", .headers = {&header, 1}, .tag = 7}));
    ASSERT_FALSE(producer->send({.key = "a", .value = {}, .headers = {}, .tag = 8}));
    ASSERT_TRUE(producer->flush(60s));

    EXPECT_EQ(outcomes.sent, (std::vector<std::uint64_t>{7, 8}));
    const auto got = consume(kafka, topic, 2);
    ASSERT_EQ(got.size(), 2);
    EXPECT_EQ(got[0].headers.at("ringside.kind"), "put");
    EXPECT_EQ(got[1].value, std::nullopt);
}

TEST(Producer, NumberOfPartitionsIsReturned) {
    MockKafka kafka;
    const std::string topic = kafka.make_topic("producer", 3);
    Outcomes outcomes;
    auto producer = Producer::create(properties_for(kafka), topic, outcomes.taker());
    ASSERT_TRUE(producer);
    const auto partitions = producer->partitions(60s);
    ASSERT_TRUE(partitions);
    EXPECT_EQ(*partitions, 3);
}

TEST(Producer, FullQueueIsReportedAndSendingContinuesWithRoom) {
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("producer");
    kafka.command("down 1");
    Outcomes outcomes;
    Properties properties = properties_for(kafka);
    properties.set("queue.buffering.max.messages", "10");
    auto producer = Producer::create(properties, topic, outcomes.taker());
    ASSERT_TRUE(producer);

    for (std::uint64_t tag = 0; tag < 10; ++tag) {
        ASSERT_FALSE(producer->send({.key = "a", .value = "1", .headers = {}, .tag = tag}));
    }
    const auto refused = producer->send({.key = "a", .value = "1", .headers = {}, .tag = 10});
    ASSERT_TRUE(refused);
    EXPECT_TRUE(Producer::is_queue_full(*refused));
    EXPECT_EQ(producer->pending(), 10);

    kafka.command("up 1");
    ASSERT_TRUE(producer->flush(60s));
    EXPECT_FALSE(producer->send({.key = "a", .value = "1", .headers = {}, .tag = 10}));
    EXPECT_EQ(outcomes.sent.size(), 10);
}

TEST(Producer, SaysThatNoBrokerAnswers) {
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("producer");
    kafka.command("down 1");
    Outcomes outcomes;
    auto producer = Producer::create(properties_for(kafka), topic, outcomes.taker());
    ASSERT_TRUE(producer);

    std::optional<KafkaError> trouble;
    ASSERT_TRUE(ringside::testing::eventually([&] {
        producer->poll(10ms);
        trouble = producer->take_trouble();
        return trouble.has_value();
    }));
    EXPECT_EQ(trouble->kind, KafkaError::Kind::passing);
    EXPECT_THAT(trouble->text, ::testing::HasSubstr("no Kafka broker answers"));
}

TEST(Producer, SendsOnceAndInOrderWhateverItHasToTryAgain) {
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("producer");
    Outcomes outcomes;
    Properties properties = properties_for(kafka);
    properties.set("batch.num.messages", "10");
    auto producer = Producer::create(properties, topic, outcomes.taker());
    ASSERT_TRUE(producer);
    kafka.command("error produce 3 NOT_LEADER_FOR_PARTITION");
    kafka.command("error produce 2 _TRANSPORT");

    for (std::uint64_t tag = 0; tag < 200; ++tag) {
        const std::string value = std::to_string(tag);
        ASSERT_FALSE(producer->send({.key = "a", .value = value, .headers = {}, .tag = tag}));
    }
    ASSERT_TRUE(producer->flush(60s));

    EXPECT_EQ(outcomes.sent.size(), 200);
    const auto got = consume(kafka, topic, 200);
    ASSERT_EQ(got.size(), 200);
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].value, std::to_string(i));
}

TEST(Producer, RefusesAMessageThatIsTooLarge) {
    MockKafka kafka;
    Outcomes outcomes;
    Properties properties = properties_for(kafka);
    properties.set("message.max.bytes", "1000");
    auto producer = Producer::create(properties, "any", outcomes.taker());
    ASSERT_TRUE(producer);
    const std::string value(2000, 'x');
    const auto refused = producer->send({.key = "a", .value = value, .headers = {}});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->kind, KafkaError::Kind::too_large);
}

TEST(Producer, OversizedMessageIsReported) {
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("producer");
    Outcomes outcomes;
    auto producer = Producer::create(properties_for(kafka), topic, outcomes.taker());
    ASSERT_TRUE(producer);
    kafka.command("error produce 1 MSG_SIZE_TOO_LARGE");
    ASSERT_FALSE(producer->send({.key = "a", .value = "1", .headers = {}, .tag = 5}));
    ASSERT_TRUE(producer->flush(60s));
    ASSERT_EQ(outcomes.failed.size(), 1);
    EXPECT_EQ(outcomes.failed[0].first, 5);
    EXPECT_EQ(outcomes.failed[0].second.kind, KafkaError::Kind::too_large);
}

TEST(Producer, RefusesPropertiesThatDoNotGoTogether) {
    MockKafka kafka;
    Outcomes outcomes;
    Properties properties = properties_for(kafka);
    properties.set("max.in.flight.requests.per.connection", "100");
    const auto producer = Producer::create(properties, "any", outcomes.taker());
    ASSERT_FALSE(producer);
    EXPECT_EQ(producer.error().code, Errc::bad_configuration);
    EXPECT_THAT(producer.error().text(), ::testing::HasSubstr("max.in.flight"));
}

}  // namespace
}  // namespace ringside::kafka
