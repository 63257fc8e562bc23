#include "tools/kafka/check.hpp"

#include "tools/kafka/kafka/producer.hpp"
#include "tools/kafka/sink/run_sinks.hpp"
#include "tools/kafka/source/consumer.hpp"

namespace ringside::kafka {

namespace {

Result<void> check_source(const SourceOptions& source) {
    if (auto right = Consumer::check(source.kafka, source.group); !right) return right;
    if (source.dead_letter_topic.empty()) return {};
    return Producer::check(source.kafka, source.dead_letter_topic);
}

}  // namespace

Result<void> check_clients(const Config& config) {
    if (config.source) {
        if (const auto right = check_source(*config.source); !right) {
            return Error(right.error().code, "[source]: " + right.error().detail);
        }
    }
    return check_sinks(config.sinks);
}

}  // namespace ringside::kafka
