#include "tools/kafka/source/dead_letters.hpp"

#include "tests/kafka/source_test.hpp"

namespace ringside::testing {
namespace {

using kafka::DeadLetters;

/// Dead letters, written by the process of a source.
class DeadLetter : public ::testing::Test {
protected:
    std::unique_ptr<DeadLetters> make() {
        kafka::Properties properties;
        properties.set("bootstrap.servers", kafka_.bootstrap());
        properties.set("linger.ms", "60000");  // until they are settled: they form one batch
        properties.set("reconnect.backoff.ms", "10");
        properties.set("reconnect.backoff.max.ms", "100");
        return DeadLetters::create(properties, topic_, stop_.get_token()).value();
    }
    static void refuse(DeadLetters& letters, int partition, int offset) {
        const kafka::MessageView message{
            .topic = "seats", .partition = partition, .offset = offset, .value = "no json"};
        EXPECT_TRUE(letters.refuse(message, Error(Errc::bad_json)));
    }

    MockKafka kafka_;
    std::string topic_ = kafka_.make_topic("dead");
    std::stop_source stop_;
};

TEST_F(DeadLetter, LetterOfALostPartitionHoldsNoOther) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const auto letters = make();
    kafka_.command("error produce 1 MSG_SIZE_TOO_LARGE");
    refuse(*letters, 7, 1);
    EXPECT_FALSE(letters->settle());

    letters->forget("seats", 7);
    refuse(*letters, 8, 1);

    EXPECT_TRUE(letters->settle());
    EXPECT_EQ(consume(kafka_, topic_, 1).at(0).headers.at("ringside.partition"), "8");
}

TEST_F(DeadLetter, SettleCoversOnlyRefusedLetters) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const auto letters = make();
    kafka_.command("error produce 1 MSG_SIZE_TOO_LARGE");
    for (int i = 0; i < 4; ++i) refuse(*letters, 0, i);
    EXPECT_FALSE(letters->settle());

    // They are applied again in smaller transactions.
    refuse(*letters, 0, 0);
    refuse(*letters, 0, 1);
    EXPECT_TRUE(letters->settle());
    refuse(*letters, 0, 2);
    refuse(*letters, 0, 3);
    EXPECT_TRUE(letters->settle());

    const auto written = consume(kafka_, topic_, 4);
    ASSERT_EQ(written.size(), 4);
    for (const TestMessage& letter : written) EXPECT_EQ(letter.value, "no json");
}

TEST_F(DeadLetter, LetterSkippedInHasteIsWrittenLater) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const auto letters = make();
    kafka_.command("down 1");
    letters->set_in_haste(true);
    refuse(*letters, 0, 1);
    EXPECT_FALSE(letters->settle());
    letters->set_in_haste(false);
    kafka_.command("up 1");

    EXPECT_TRUE(eventually([&] {
        refuse(*letters, 0, 1);
        return bool(letters->settle());
    }));

    EXPECT_EQ(consume(kafka_, topic_, 1).size(), 1);
}

TEST_F(SourceTest, OnlyAnOversizedDeadLetterLosesItsValue) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const std::string dead = kafka_.make_topic("dead");
    std::vector<TestMessage> messages;
    for (int i = 0; i < 5; ++i) messages.push_back({std::to_string(i), "no json"});
    produce(kafka_, topic, messages);
    kafka_.command("error produce 2 MSG_SIZE_TOO_LARGE");  // the batch, and then the first message

    const auto source = start(configure(fmt::format(R"(
        group = "test"
        dead_letter_topic = "{}"
        [source.kafka]
        "linger.ms" = 60000
        [[source.topic]]
        name = "{}"
        {})",
                                                    dead, topic, merge_rule)));

    EXPECT_TRUE(comes_to(topic, 5));
    std::map<std::string, std::optional<std::string>> values;
    for (const TestMessage& letter : consume(kafka_, dead, 5)) {
        values[letter.key.value_or("")] = letter.value;
    }
    ASSERT_EQ(values.size(), 5);
    EXPECT_EQ(values["0"], std::nullopt);
    for (const char* key : {"1", "2", "3", "4"}) EXPECT_EQ(values[key], "no json") << key;
}

}  // namespace
}  // namespace ringside::testing
