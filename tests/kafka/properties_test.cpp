#include <toml++/toml.h>

#include "tools/kafka/kafka/properties.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace ringside::kafka {
namespace {

using ::testing::HasSubstr;

Result<Properties> properties_of(std::string_view text) {
    const toml::table root = toml::parse(text);
    Properties properties;
    const tools::TomlFile file("kafka.toml");
    auto read = properties.read(root, file);
    if (!read) return read.error();
    return properties;
}

std::string refusal_of(std::string_view text) {
    const auto properties = properties_of(text);
    return properties ? std::string() : properties.error().text();
}

TEST(Properties, ValuesAreStringsNumbersAndBooleans) {
    const auto properties = properties_of(R"("bootstrap.servers" = "127.0.0.1:1"
"linger.ms" = 7
"socket.keepalive.enable" = true)");
    ASSERT_TRUE(properties) << properties.error().text();
    EXPECT_EQ(*properties->find("bootstrap.servers"), "127.0.0.1:1");
    EXPECT_EQ(*properties->find("linger.ms"), "7");
    EXPECT_EQ(*properties->find("socket.keepalive.enable"), "true");
    EXPECT_TRUE(properties->configuration());
}

TEST(Properties, ServersThatCannotBeConnectedToAreRefused) {
    for (const char* servers :
         {"", " ", ",", " , ,", ":9092", "kafka:", "kafka:0", "kafka:65536", "kafka:port",
          "kafka:9 2", "kafka 9092", "kafka1:9092,:9093", "http://", "[::1", "[::1]x", "[]:9092",
          "kafka/9092", "user@kafka:9092"}) {
        for (const char* name : {"bootstrap.servers", "metadata.broker.list"}) {
            const std::string refusal =
                refusal_of('\n' + ('"' + std::string(name)) + "\" = \"" + servers + '"');
            EXPECT_THAT(refusal, HasSubstr(std::string("kafka.toml:2: ") + name + ": ")) << servers;
        }
    }
}

TEST(Properties, ServersMayBeWrittenAsLibrdkafkaReadsThem) {
    for (const char* servers :
         {"kafka", "kafka:9092", "kafka1:9092, kafka2:9093", "127.0.0.1:1", "[::1]:9092", "[::1]",
          "::1", "SASL_SSL://kafka:9093", "kafka-1.example.org:9092,", "PLAINTEXT://[::1]:1"}) {
        EXPECT_EQ(refusal_of(std::string("\"bootstrap.servers\" = \"") + servers + '"'), "")
            << servers;
    }
}

TEST(Properties, ServersOfAnEmptyVariableAreRefused) {
    ASSERT_EQ(setenv("RINGSIDE_TEST_SERVERS", "", 1), 0);
    EXPECT_THAT(refusal_of(R"("bootstrap.servers" = "${RINGSIDE_TEST_SERVERS}")"),
                HasSubstr("no server"));
}

TEST(Properties, MayBeWrittenWithoutQuotes) {
    const auto properties = properties_of("bootstrap.servers = \"h:1\"\nlinger.ms = 5");
    ASSERT_TRUE(properties) << properties.error().text();
    EXPECT_EQ(*properties->find("bootstrap.servers"), "h:1");
    EXPECT_EQ(*properties->find("linger.ms"), "5");
}

TEST(Properties, LaterOnesWin) {
    auto properties = properties_of("\"bootstrap.servers\" = \"h:1\"\n\"linger.ms\" = 5");
    ASSERT_TRUE(properties);
    const toml::table more = toml::parse("\"linger.ms\" = 9");
    ASSERT_TRUE(properties->read(more, tools::TomlFile("kafka.toml")));
    properties->set_default("linger.ms", "1");
    EXPECT_EQ(*properties->find("linger.ms"), "9");
}

TEST(Properties, ValuesMayComeFromTheEnvironment) {
    ASSERT_EQ(setenv("RINGSIDE_TEST_PASSWORD", "secret", 1), 0);
    const auto properties = properties_of(R"("sasl.password" = "${RINGSIDE_TEST_PASSWORD}")");
    ASSERT_TRUE(properties) << properties.error().text();
    EXPECT_EQ(*properties->find("sasl.password"), "secret");
}

TEST(Properties, UnsetVariableIsRefused) {
    unsetenv("RINGSIDE_TEST_NOTHING");
    EXPECT_THAT(refusal_of("\n\"sasl.password\" = \"${RINGSIDE_TEST_NOTHING}\""),
                HasSubstr("kafka.toml:2: sasl.password refers to an unset environment variable: "
                          "'RINGSIDE_TEST_NOTHING'"));
}

TEST(Properties, UnknownPropertiesAreRefusedWithTheirLine) {
    EXPECT_THAT(refusal_of("\n\n\"linger.mss\" = 5"),
                HasSubstr("kafka.toml:3: No such configuration property: \"linger.mss\""));
    EXPECT_THAT(refusal_of("\"linger.ms\" = -5"), HasSubstr("kafka.toml:1: "));
    EXPECT_THAT(refusal_of("\"linger.ms\" = [5]"),
                HasSubstr("linger.ms must be a string, an integer or a boolean"));
}

TEST(Properties, ReservedPropertiesAreRefusedWithTheReason) {
    EXPECT_THAT(refusal_of("\"enable.auto.commit\" = true"),
                HasSubstr("enable.auto.commit cannot be set; the source stores its position"));
    EXPECT_THAT(refusal_of("\"message.timeout.ms\" = 5"), HasSubstr("cannot be set"));
    EXPECT_THAT(refusal_of("\"group.id\" = \"x\""), HasSubstr("`group` in [source]"));
}

TEST(Properties, AllowEachPartitionerThatGoesByKeys) {
    for (const char* name : {"consistent", "consistent_random", "murmur2", "murmur2_random",
                             "fnv1a", "fnv1a_random"}) {
        EXPECT_EQ(refusal_of("partitioner = \"" + std::string(name) + "\""), "");
    }
    EXPECT_THAT(refusal_of("\npartitioner = \"random\""),
                HasSubstr("kafka.toml:2: partitioner cannot be \"random\": messages of one key"));
    EXPECT_THAT(refusal_of("partitioner = \"any\""), HasSubstr("kafka.toml:1: "));
}

TEST(Properties, BootstrapServersAreRequired) {
    const auto properties = properties_of("\"linger.ms\" = 5");
    ASSERT_TRUE(properties);
    const auto configuration = properties->configuration();
    ASSERT_FALSE(configuration);
    EXPECT_THAT(configuration.error().text(), HasSubstr("bootstrap.servers"));
}

}  // namespace
}  // namespace ringside::kafka
