#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shm/base/descriptor.hpp"
#include "tools/kafka/kafka/handles.hpp"

namespace ringside::testing {

/// A Kafka cluster for a test: librdkafka's mock in a separate process that ends with the test in
/// any case, or the cluster that RINGSIDE_TEST_KAFKA names (HOST:PORT), which supports only topics.
/// See mock/mock_kafka.cpp for the commands. The mock creates every topic that a client asks for by
/// name, whatever the client's `allow.auto.create.topics`: for a topic that must not exist, use the
/// command `topic_error`.
class MockKafka {
public:
    explicit MockKafka(int brokers = 1);
    ~MockKafka();
    MockKafka(const MockKafka&) = delete;
    MockKafka& operator=(const MockKafka&) = delete;

    [[nodiscard]] const std::string& bootstrap() const noexcept { return bootstrap_; }
    /// Whether it can simulate errors. Tests that need them use
    /// `if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;`.
    [[nodiscard]] bool is_mock() const noexcept { return pid_ > 0; }
    static constexpr const char* no_mock = "a real cluster makes no errors on demand";

    /// Sends a command to the mock. Throws with its error message. REQUIRES: is_mock().
    void command(const std::string& line);

    /// Ends it permanently. REQUIRES: is_mock().
    void kill();
    /// Stops all answers, as if its hosts had lost power. REQUIRES: is_mock().
    void freeze();

    /// Creates a topic with a unique name, and returns that name.
    std::string make_topic(const std::string& name, int partitions = 1);

private:
    std::string read_line();

    pid_t pid_ = 0;
    Descriptor to_;
    Descriptor from_;
    std::string bootstrap_;
};

/// A message as tests write and read it.
struct TestMessage {
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::map<std::string, std::string> headers{};
    std::int32_t partition = -1;  ///< -1 to choose by key
    std::int64_t offset = -1;     ///< of a message that was read
};

/// librdkafka's plain producer.
class TestProducer {
public:
    explicit TestProducer(const MockKafka& kafka,
                          const std::map<std::string, std::string>& properties = {});

    /// Sends a message; waits while there is no room.
    void send(const std::string& topic, const TestMessage& message);
    /// Waits until Kafka has all of them.
    void flush();

private:
    kafka::ClientHandle client_;
};

/// Writes messages and waits until Kafka has them.
void produce(const MockKafka& kafka, const std::string& topic,
             const std::vector<TestMessage>& messages);

/// librdkafka's plain consumer of all partitions of a topic, each from its beginning. The mock
/// keeps about 5 MB and 100,000 messages per partition; an exception reports that the consumer has
/// fallen behind.
class TestConsumer {
public:
    TestConsumer(const MockKafka& kafka, const std::string& topic);
    ~TestConsumer();

    /// Returns the next message, or none on timeout.
    std::optional<TestMessage> next(std::chrono::milliseconds within = std::chrono::seconds(60));

    /// Reads until `is_enough` holds for everything read since the consumer was created. Returns
    /// these messages, or on timeout those that arrived.
    const std::vector<TestMessage>& read_until(
        const std::function<bool(const std::vector<TestMessage>&)>& is_enough,
        std::chrono::milliseconds within = std::chrono::seconds(60));

    [[nodiscard]] const std::vector<TestMessage>& all() const noexcept { return all_; }

private:
    kafka::ClientHandle client_;
    std::vector<TestMessage> all_;
};

/// Returns the first `count` messages of a topic, or on timeout those that arrived.
std::vector<TestMessage> consume(const MockKafka& kafka, const std::string& topic,
                                 std::size_t count,
                                 std::chrono::milliseconds within = std::chrono::seconds(60));

}  // namespace ringside::testing
