#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/support/process.hpp"
#include "bench/support/report.hpp"
#include "ringside/client.hpp"

namespace ringside::bench {

struct KafkaScale {
    int rounds = 5;
    int messages = 1'000'000;
    int names = 100'000;  ///< of records to which the deltas apply
    int latency_messages = 2'000;
};

inline constexpr const char* kafka_topic = "deltas";

/// Number of partitions that a mock cluster needs for a million messages: it keeps 5 MB of each.
inline constexpr int kafka_partitions = 64;

/// librdkafka's mock cluster of one broker with the topic, in a separate process.
class MockCluster {
public:
    explicit MockCluster(int partitions);
    [[nodiscard]] const std::string& bootstrap() const noexcept { return bootstrap_; }

private:
    std::string bootstrap_;
    std::optional<Child> child_;
};

struct DestroyKafka {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
using KafkaHandle = std::unique_ptr<rd_kafka_t, DestroyKafka>;

using KafkaProperties = std::vector<std::pair<const char*, std::string>>;

/// Opens a plain client of librdkafka. Throws on failure.
[[nodiscard]] KafkaHandle open_kafka(rd_kafka_type_t type, const KafkaProperties& properties);

/// Opens a consumer that reads the topic from the start, in the given group.
[[nodiscard]] KafkaHandle open_consumer(const std::string& bootstrap, const std::string& group);

/// Puts a message into the producer's queue. Waits while the queue is full.
void produce(rd_kafka_t* producer, std::string_view key, std::string_view value);

/// Returns a delta of a seat, with 150 bytes.
[[nodiscard]] std::string delta_of(std::uint64_t number, int names);

/// Fills the topic from a separate process at full speed.
void fill_topic(const std::string& bootstrap, const KafkaScale& scale);

/// `ringside-kafka` with a generated configuration; ended with SIGTERM.
class KafkaTool {
public:
    KafkaTool(const Broker& broker, const std::string& command, const std::string& configuration);
    ~KafkaTool();
    [[nodiscard]] bool has_ended() const { return child_->has_ended(); }

private:
    std::string file_;
    std::optional<Child> child_;
};

/// Waits until a condition holds. Throws after two minutes.
void await(const std::function<bool()>& condition, const char* what);

[[nodiscard]] double steady_ns();

void measure_source(Report& report, const KafkaScale& scale);
void measure_source_latency(Report& report, const KafkaScale& scale);
void measure_sink(Report& report, const KafkaScale& scale);

}  // namespace ringside::bench
