#include <fmt/format.h>

#include <charconv>

#include "bench/kafka/kafka.hpp"
#include "bench/support/latencies.hpp"

namespace ringside::bench {

namespace {

std::string configuration(const std::string& bootstrap) {
    return fmt::format(R"([kafka]
"bootstrap.servers" = "{}"
[source]
group = "latency"
[source.kafka]
"fetch.wait.max.ms" = 5
[[source.topic]]
name = "{}"
[[source.topic.rule]]
record = "seat/{{seat}}"
operation = "put"
)",
                       bootstrap, kafka_topic);
}

/// Returns the time after `"at":` in a message.
double time_in(std::string_view message) {
    const std::size_t at = message.find("\"at\":");
    if (at == std::string_view::npos) throw std::runtime_error("message without a time");
    std::uint64_t ns = 0;
    std::from_chars(message.data() + at + 5, message.data() + message.size(), ns);
    return static_cast<double>(ns);
}

/// Results of one process, shared through words. The histogram itself is private to the process.
struct Seen {
    SharedFlag begins_ns;  ///< earlier messages belong to the start-up of both
    SharedFlag has_begun;
    SharedFlag count;
    SharedFlag p50_ns;

    void add(Latencies& latencies, double produced_ns) const {
        *has_begun = 1;
        if (*begins_ns == 0 || produced_ns < static_cast<double>(*begins_ns)) return;
        latencies.add(steady_ns() - produced_ns);
        *p50_ns = static_cast<std::uint64_t>(latencies.at(0.5));
        ++*count;
    }
};

void poll_messages(const std::string& bootstrap, int round, const Seen& seen) {
    const KafkaHandle consumer = open_consumer(bootstrap, fmt::format("poll-{}", round));
    Latencies latencies;
    for (;;) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), 100);
        if (message == nullptr) continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            seen.add(latencies,
                     time_in({static_cast<const char*>(message->payload), message->len}));
        }
        rd_kafka_message_destroy(message);
    }
}

void watch_records(const std::string& grid, const Seen& seen) {
    const Client client = Client::attach({.grid = grid}).value();
    Watch watch = client.watch("seat/*", {.mode = WatchMode::every}).value();
    Latencies latencies;
    for (;;) {
        const auto change = watch.next(std::chrono::milliseconds(100));
        if (!change) continue;
        seen.add(latencies,
                 static_cast<double>(change->record.document()["at"].as_int64().value_or(0)));
    }
}

}  // namespace

void measure_source_latency(Report& report, const KafkaScale& scale) {
    std::vector<double> polled;
    std::vector<double> visible;
    for (int round = 0; round < scale.rounds; ++round) {
        const MockCluster cluster(1);
        const Broker broker("64MiB", {"--spin-us", "200"}, Broker::Cores::both);
        const KafkaTool source(broker, "source", configuration(cluster.bootstrap()));
        const Seen by_consumer;
        const Seen by_reader;
        const Child consumer([&] { poll_messages(cluster.bootstrap(), round, by_consumer); });
        const Child reader([&] { watch_records(broker.grid(), by_reader); });
        SharedFlag is_done;
        const Child producer([&] {
            const KafkaHandle handle =
                open_kafka(RD_KAFKA_PRODUCER,
                           {{"bootstrap.servers", cluster.bootstrap()}, {"linger.ms", "0"}});
            const auto send = [&](int seat) {
                produce(handle.get(), "",
                        fmt::format(R"({{"seat":{},"at":{}}})", seat,
                                    static_cast<std::uint64_t>(steady_ns())));
                rd_kafka_poll(handle.get(), 0);
            };
            for (int i = 0; *is_done == 0; ++i) {
                send(i % 1000);
                usleep(2000);
            }
        });
        await([&] { return *by_consumer.has_begun == 1 && *by_reader.has_begun == 1; },
              "both follow");
        *by_consumer.begins_ns = *by_reader.begins_ns = static_cast<std::uint64_t>(steady_ns());
        const auto wanted = static_cast<std::uint64_t>(scale.latency_messages);
        await([&] { return *by_consumer.count >= wanted && *by_reader.count >= wanted; },
              "the messages have come");
        *is_done = 1;
        polled.push_back(static_cast<double>(*by_consumer.p50_ns));
        // Subtracts the constant that the target permits in addition to the multiple of the poll's
        // time.
        visible.push_back(std::max(0.0, static_cast<double>(*by_reader.p50_ns) - 1e6));
    }
    report.ratio("source: message produced -> a watcher has it, p50, less 1 ms", visible, "ns",
                 polled, "a consumer's own poll", 1.5);
}

}  // namespace ringside::bench
