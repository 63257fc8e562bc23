#include <fmt/format.h>

#include "bench/kafka/kafka.hpp"

namespace ringside::bench {

namespace {

constexpr const char* group = "bench";

std::string configuration(const std::string& bootstrap) {
    return fmt::format(R"([kafka]
"bootstrap.servers" = "{}"
[source]
group = "{}"
[[source.topic]]
name = "{}"
[[source.topic.rule]]
record = "event/{{event_id}}/seat/{{section}}-{{row}}-{{seat}}"
operation = "merge"
)",
                       bootstrap, group, kafka_topic);
}

/// Results that consumers share with the process that waits for them.
struct Count {
    SharedFlag messages;
    SharedFlag ns;  ///< from the first message to the last
};

/// Returns the time per message of a consumer that only counts, in ns.
double count_messages(const std::string& bootstrap, int round, const KafkaScale& scale) {
    Count count;
    const Child child([&] {
        unpin();
        const KafkaHandle consumer = open_consumer(bootstrap, fmt::format("count-{}", round));
        double start = 0;
        for (int seen = 0; seen < scale.messages;) {
            rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), 100);
            if (message == nullptr) continue;
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && seen++ == 0) start = steady_ns();
            rd_kafka_message_destroy(message);
        }
        *count.ns = static_cast<std::uint64_t>(steady_ns() - start);
        *count.messages = static_cast<std::uint64_t>(scale.messages);
        rd_kafka_consumer_close(consumer.get());
    });
    await([&] { return *count.messages != 0 || child.has_ended(); }, "all messages are counted");
    if (*count.messages == 0) throw std::runtime_error("counting consumer died");
    return static_cast<double>(*count.ns) / scale.messages;
}

/// Returns the number of applied messages, from the records with the source's positions.
std::int64_t messages_applied(const Client& client) {
    std::int64_t sum = 0;
    const auto snapshot = client.snapshot().value();
    snapshot
        .scan(fmt::format("kafka/{}/{}/*", group, kafka_topic),
              [&](const RecordView& record) {
                  sum += record.document()["offset"].as_int64().value_or(0);
                  return true;
              })
        .value();
    return sum;
}

/// Returns the time per message of the source, from the first commit to the last, in ns.
double apply_messages(const std::string& bootstrap, const KafkaScale& scale) {
    const Broker broker("1GiB", {"--spin-us", "200"}, Broker::Cores::both);
    const Client client = Client::attach({.grid = broker.grid()}).value();
    const KafkaTool source(broker, "source", configuration(bootstrap));
    std::int64_t at_start = 0;
    await(
        [&] {
            if (source.has_ended()) throw std::runtime_error("source ended");
            return (at_start = messages_applied(client)) != 0;
        },
        "the source begins");
    const double start = steady_ns();
    await([&] { return messages_applied(client) >= scale.messages; }, "all messages are applied");
    return (steady_ns() - start) / static_cast<double>(scale.messages - at_start);
}

}  // namespace

void measure_source(Report& report, const KafkaScale& scale) {
    const MockCluster cluster(kafka_partitions);
    fill_topic(cluster.bootstrap(), scale);
    std::vector<double> counted;
    std::vector<double> applied;
    for (int round = 0; round < scale.rounds; ++round) {
        counted.push_back(count_messages(cluster.bootstrap(), round, scale));
        applied.push_back(apply_messages(cluster.bootstrap(), scale));
    }
    report.ratio(fmt::format("source: a delta of 150 bytes, {} of them, until its record has it",
                             scale.messages),
                 applied, "ns", counted, "a consumer that only counts them", 1 / 0.7);
}

}  // namespace ringside::bench
