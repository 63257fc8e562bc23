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

/// A cluster of Kafka for a test: librdkafka's mock, a process of its own that is ended at the end
/// of the test whatever has happened; or the one that RINGSIDE_TEST_KAFKA names (HOST:PORT), of
/// which nothing but topics can be had. See mock/mock_kafka.cpp for the commands.
/// The mock creates every topic that a client asks for by name, whatever the client's
/// `allow.auto.create.topics` says: a topic that must not exist needs the command `topic_error`.
class MockKafka {
public:
    explicit MockKafka(int brokers = 1);
    ~MockKafka();
    MockKafka(const MockKafka&) = delete;
    MockKafka& operator=(const MockKafka&) = delete;

    [[nodiscard]] const std::string& bootstrap() const noexcept { return bootstrap_; }
    /// Whether errors can be had from it. Tests that need them say
    /// `if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;`.
    [[nodiscard]] bool is_mock() const noexcept { return pid_ > 0; }
    static constexpr const char* no_mock = "a real cluster makes no errors on demand";

    /// Has the mock do something. Throws with what it says against it. REQUIRES: is_mock().
    void command(const std::string& line);

    /// Ends it for good. REQUIRES: is_mock().
    void kill();
    /// Has it answer nothing any more, as if its hosts had lost their power. REQUIRES: is_mock().
    void freeze();

    /// Makes a topic of a name that no other test has; its name.
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
    std::int32_t partition = -1;  ///< -1: by key
    std::int64_t offset = -1;     ///< of one that was read
};

/// Bare librdkafka's producer.
class TestProducer {
public:
    explicit TestProducer(const MockKafka& kafka,
                          const std::map<std::string, std::string>& properties = {});

    /// Hands a message over; waits where there is no room.
    void send(const std::string& topic, const TestMessage& message);
    /// Waits until Kafka has all of them.
    void flush();

private:
    kafka::ClientHandle client_;
};

/// Writes messages and waits until Kafka has them.
void produce(const MockKafka& kafka, const std::string& topic,
             const std::vector<TestMessage>& messages);

/// Bare librdkafka's consumer of all partitions of a topic, each from its beginning. The mock keeps
/// about 5 MB and 100,000 messages of each; who falls behind that is told by an exception.
class TestConsumer {
public:
    TestConsumer(const MockKafka& kafka, const std::string& topic);
    ~TestConsumer();

    /// The next message; none within the time.
    std::optional<TestMessage> next(std::chrono::milliseconds within = std::chrono::seconds(60));

    /// Reads until `is_enough` of all that was read since the consumer was made; all of that, or
    /// what there was within the time.
    const std::vector<TestMessage>& read_until(
        const std::function<bool(const std::vector<TestMessage>&)>& is_enough,
        std::chrono::milliseconds within = std::chrono::seconds(60));

    [[nodiscard]] const std::vector<TestMessage>& all() const noexcept { return all_; }

private:
    kafka::ClientHandle client_;
    std::vector<TestMessage> all_;
};

/// The first `count` messages of a topic, or what there was within the time.
std::vector<TestMessage> consume(const MockKafka& kafka, const std::string& topic,
                                 std::size_t count,
                                 std::chrono::milliseconds within = std::chrono::seconds(60));

}  // namespace ringside::testing
