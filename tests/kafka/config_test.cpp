#include "tools/kafka/config.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {
namespace {

using kafka::Config;
using kafka::read_config;

constexpr const char* valid = R"(grid = "onsale"
[kafka]
"bootstrap.servers" = "127.0.0.1:9092"
[source]
group = "box-office"
dead_letter_topic = "dead"
durable = true
batch_messages = 100
batch_bytes = 20000
[source.kafka]
"fetch.wait.max.ms" = 20
[[source.topic]]
name = "seats"
start = "latest"
snapshot = true
unmatched = "dead_letter"
[[source.topic.rule]]
record = "seat/{id}"
[[source.topic]]
name = "^orders-.*"
[[source.topic.rule]]
record = "order/{id}"
[[sink]]
name = "out"
topic = "grid.seats"
patterns = ["seat/**"]
)";

class ConfigFile : public ::testing::Test {
protected:
    Result<Config> read(const std::string& text) {
        std::ofstream(path_) << text;
        return read_config(path_);
    }
    /// Returns the detail of the error without the file's name, or an empty text.
    std::string error_of(const std::string& text) {
        const auto config = read(text);
        if (config) return {};
        EXPECT_EQ(config.error(), Errc::bad_configuration);
        EXPECT_EQ(config.error().detail.find(path_), 0) << config.error().detail;
        return config.error().detail.substr(path_.size());
    }
    /// Returns the error for a text in which one part is replaced.
    std::string error_with(const std::string& part, const std::string& other) {
        std::string text = valid;
        const std::size_t at = text.find(part);
        EXPECT_NE(at, std::string::npos) << part;
        return error_of(text.replace(at, part.size(), other));
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_ / "kafka.toml";
};

TEST_F(ConfigFile, FileContainsEverythingThatASourceNeeds) {
    const auto config = read(valid);

    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->grid, "onsale");
    const auto& source = *config->source;
    EXPECT_EQ(source.group, "box-office");
    EXPECT_EQ(source.dead_letter_topic, "dead");
    EXPECT_EQ(source.grade, Grade::durable);
    EXPECT_EQ(source.batch_messages, 100);
    EXPECT_EQ(source.batch_bytes, 20000);
    EXPECT_EQ(*source.kafka.find("bootstrap.servers"), "127.0.0.1:9092");
    EXPECT_EQ(*source.kafka.find("fetch.wait.max.ms"), "20");
    ASSERT_EQ(source.topics.size(), 2);
    EXPECT_EQ(source.topics[0].start, kafka::Start::latest);
    EXPECT_TRUE(source.topics[0].is_snapshot);
    EXPECT_EQ(source.topics[1].start, kafka::Start::earliest);
    EXPECT_FALSE(source.topics[1].is_snapshot);
    EXPECT_EQ(source.topic("seats"), &source.topics[0]);
    EXPECT_EQ(source.topic("orders-1"), &source.topics[1]);
    EXPECT_EQ(source.topic("my-orders-1"), nullptr);
    EXPECT_EQ(config->sinks.size(), 1);
}

TEST_F(ConfigFile, ErrorHasPlaceAndFault) {
    EXPECT_EQ(error_with("durable = true", "durable = 1"), ":7: durable must be true or false");
    EXPECT_EQ(error_with("durable", "durabel"), ":7: 'durabel' is not an option of [source]");
    EXPECT_EQ(error_with("grid =", "gird ="), ":1: 'gird' is not an option of the configuration");
    EXPECT_EQ(error_with("batch_messages = 100", "batch_messages = 0"),
              ":8: batch_messages must be an integer from 1 to 10000");
    EXPECT_EQ(error_with("batch_bytes = 20000", "batch_bytes = 100000000"),
              ":9: batch_bytes must be an integer from 1 to 16777216");
    EXPECT_EQ(error_with("start = \"latest\"", "start = \"now\""),
              ":14: start must be one of 'earliest' 'latest'");
    EXPECT_EQ(error_with("start =", "begin ="),
              ":14: 'begin' is not an option of [[source.topic]]");
    EXPECT_EQ(error_with("name = \"seats\"", "name = \"seats/1\""),
              ":13: 'seats/1' is not a topic name; a regular expression must start with ^");
    EXPECT_EQ(error_with("^orders-.*", "^orders-(").substr(0, 5), ":20: ");
    EXPECT_EQ(error_with("name = \"seats\"\n", ""),
              ":12: [[source.topic]] without a name; set name");
    EXPECT_EQ(error_with("\"dead\"", "\"de ad\""), ":6: 'de ad' is not a topic name");
    EXPECT_EQ(
        error_with("\"dead\"", "\"seats\""),
        ":6: source would read its own dead letters; exclude dead_letter_topic from its topics");
    EXPECT_EQ(error_with("durable = true", "on_error = \"skip\""),
              ":7: on_error has no effect with a dead_letter_topic; remove one of them");
    EXPECT_EQ(error_with("dead_letter_topic = \"dead\"", "on_error = \"ignore\""),
              ":6: on_error must be one of 'stop' 'skip'");
    EXPECT_EQ(error_with("[source.kafka]", "[source.kafak]"),
              ":10: 'kafak' is not an option of [source]");
    EXPECT_EQ(error_with("[[source.topic]]", "[source.topic]").substr(0, 1), ":");
}

TEST_F(ConfigFile, AGroupIsAPartOfRecordsNames) {
    for (const char* group : {"a/b", "@a", "a*", ""}) {
        EXPECT_EQ(error_with("box-office", group).substr(0, 4), ":5: ") << group;
    }
    EXPECT_EQ(error_with("box-office", std::string(128, 'g')), "");
    EXPECT_EQ(error_with("box-office", std::string(129, 'g')).substr(0, 4), ":5: ");
}

TEST_F(ConfigFile, ASourceNeedsATopic) {
    EXPECT_EQ(error_of("[source]\ngroup = \"g\"\n"),
              ":1: [source] without a topic; add [[source.topic]]");
}

TEST_F(ConfigFile, TopicsHaveALimit) {
    std::string text = "[source]\n";
    const auto topic = [](std::size_t i) {
        return "[[source.topic]]\nname = \"t" + std::to_string(i) +
               "\"\n[[source.topic.rule]]\nrecord = \"a/{key}\"\n";
    };
    for (std::size_t i = 0; i < kafka::SourceOptions::topics_max; ++i) text += topic(i);
    EXPECT_EQ(error_of(text), "");
    EXPECT_NE(error_of(text + topic(1000)).find("more than 256 topics"), std::string::npos);
}

TEST_F(ConfigFile, CheckCommandChecksTheFile) {
    static_cast<void>(read(valid));
    const std::string program = built::kafka;
    EXPECT_EQ(shell(program + " check --config " + path_).status, 0);
    const std::string here = "\"bootstrap.servers\" = \"127.0.0.1:9092\"\n";
    const auto checked_with = [&](const std::string& properties) {
        std::string text = valid;
        static_cast<void>(read(text.replace(text.find(here), here.size(), properties)));
        return shell(program + " check --config " + path_);
    };
    EXPECT_EQ(checked_with(here).status, 0);
    for (const std::string& properties :
         {std::string(),
          here + "\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"PLAIN\"\n",
          here + "\"security.protocol\" = \"SSL\"\n\"ssl.ca.location\" = \"/none.pem\"\n"}) {
        const Outcome wrong = checked_with(properties);
        EXPECT_EQ(wrong.status, 2) << properties;
        EXPECT_NE(wrong.output.find("[source]: "), std::string::npos) << wrong.output;
    }
    std::string text = valid;
    static_cast<void>(read(text + "[sink.kafka]\n\"max.in.flight\" = 7\n"));
    const Outcome of_sink = shell(program + " check --config " + path_);
    EXPECT_EQ(of_sink.status, 2);
    EXPECT_NE(of_sink.output.find("sink 'out': "), std::string::npos) << of_sink.output;
    static_cast<void>(read("grid = 1"));
    const Outcome wrong = shell(program + " check --config " + path_);
    EXPECT_EQ(wrong.status, 2);
    EXPECT_NE(wrong.output.find(":1: grid must be a string"), std::string::npos) << wrong.output;
    static_cast<void>(read("grid = "));
    EXPECT_EQ(shell(program + " check --config " + path_).status, 2);
    EXPECT_EQ(shell(program + " check --config " + (directory_ / "none")).status, 2);
    EXPECT_EQ(shell(program + " check").status, 2);
    EXPECT_EQ(shell(program).status, 2);
    static_cast<void>(read("grid = \"g\""));
    EXPECT_EQ(shell(program + " source --config " + path_).status, 2);
    EXPECT_EQ(shell(program + " sink --config " + path_).status, 2);
}

}  // namespace
}  // namespace ringside::testing
