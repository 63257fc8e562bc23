#include <fmt/format.h>

#include "bench/kafka/kafka.hpp"

namespace ringside::bench {

namespace {

constexpr const char* position = "kafka/bench/@position";

std::string configuration(const std::string& bootstrap) {
    return fmt::format(R"([kafka]
"bootstrap.servers" = "{}"
[[sink]]
name = "bench"
topic = "{}"
patterns = ["event/**"]
)",
                       bootstrap, kafka_topic);
}

std::string name_of(std::uint64_t number, const KafkaScale& scale) {
    const std::uint64_t seat = number * 7919 % static_cast<std::uint64_t>(scale.names);
    return fmt::format("event/{}/seat/{}", seat / 5000, seat % 5000);
}

/// Returns the time per message of a plain producer, in ns.
double produce_messages(const std::string& bootstrap, const KafkaScale& scale) {
    SharedFlag took;
    const Child child([&] {
        unpin();
        const KafkaHandle producer =
            open_kafka(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                           {"enable.idempotence", "true"},
                                           {"queue.buffering.max.messages", "10000000"},
                                           {"queue.buffering.max.kbytes", "2097151"}});
        std::vector<std::pair<std::string, std::string>> messages;
        for (int i = 0; i < scale.messages; ++i) {
            const auto number = static_cast<std::uint64_t>(i);
            messages.emplace_back(name_of(number, scale), delta_of(number, scale.names));
        }
        // An idempotent producer receives its identity before its first message is sent.
        produce(producer.get(), "first", "{}");
        rd_kafka_flush(producer.get(), 120'000);
        const double start = steady_ns();
        for (std::size_t i = 0; i < messages.size(); ++i) {
            const std::string revision = std::to_string(i + 1);
            rd_kafka_headers_t* headers = rd_kafka_headers_new(5);
            const auto add = [&](const char* name, std::string_view value) {
                rd_kafka_header_add(headers, name, -1, value.data(),
                                    static_cast<ssize_t>(value.size()));
            };
            add("ringside.revision", revision);
            add("ringside.version", "1");
            add("ringside.kind", "put");
            add("ringside.content", "document");
            add("ringside.time", "1795622699851");
            const auto& [key, value] = messages[i];
            while (rd_kafka_producev(
                       producer.get(), RD_KAFKA_V_TOPIC(kafka_topic),
                       RD_KAFKA_V_KEY(key.data(), key.size()),
                       RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                       RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                       RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                rd_kafka_poll(producer.get(), 1);
            }
            if (i % 1000 == 0) rd_kafka_poll(producer.get(), 0);
        }
        if (rd_kafka_flush(producer.get(), 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw std::runtime_error("mock cluster refused the messages");
        *took = static_cast<std::uint64_t>(steady_ns() - start);
    });
    await([&] { return *took != 0 || child.has_ended(); }, "all messages are produced");
    if (*took == 0) throw std::runtime_error("producer died");
    return static_cast<double>(*took) / scale.messages;
}

/// Same for the sink, which finds all changes in the ring.
double sink_messages(const std::string& bootstrap, const KafkaScale& scale) {
    const Broker broker("4GiB", {"--spin-us", "200", "--ring-entries", "4194304"},
                        Broker::Cores::both);
    Client client = Client::attach({.grid = broker.grid()}).value();
    const std::string boot_id = fmt::format("{:016x}", client.watch("none").value().epoch());
    const Revision start_revision =
        client
            .put(position,
                 fmt::format(R"({{"revision":{},"boot_id":"{}"}})", client.revision() + 1, boot_id))
            .value()
            .revision;
    {
        Pipeline pipeline = client.pipeline().value();
        for (int i = 0; i < scale.messages; ++i) {
            const auto number = static_cast<std::uint64_t>(i);
            pipeline.put(name_of(number, scale), delta_of(number, scale.names)).value();
        }
        pipeline.flush().value();
    }
    const Revision last = client.revision();
    const auto reached = [&] {
        const auto record = client.get(position);
        return record ? static_cast<Revision>(record->document()["revision"].as_int64().value_or(0))
                      : Revision{0};
    };
    // The position advances a few times a second. The result uses the steps from the first to the
    // last but one, which lies within the sink's continuous work.
    const double begun = steady_ns();
    std::vector<std::pair<double, Revision>> steps;
    const KafkaTool sink(broker, "sink", configuration(bootstrap));
    await(
        [&] {
            if (sink.has_ended()) throw std::runtime_error("sink ended");
            const Revision revision = reached();
            const Revision before = steps.empty() ? start_revision : steps.back().second;
            if (revision > before) steps.emplace_back(steady_ns(), revision);
            return revision >= last;
        },
        "the sink has told all changes");
    if (steps.size() < 3) return (steady_ns() - begun) / scale.messages;
    const auto& from = steps.front();
    const auto& to = steps[steps.size() - 2];
    return (to.first - from.first) / static_cast<double>(to.second - from.second);
}

}  // namespace

void measure_sink(Report& report, const KafkaScale& scale) {
    std::vector<double> bare;
    std::vector<double> sink;
    for (int round = 0; round < scale.rounds; ++round) {
        const MockCluster cluster(kafka_partitions);
        bare.push_back(produce_messages(cluster.bootstrap(), scale));
        sink.push_back(sink_messages(cluster.bootstrap(), scale));
    }
    report.ratio(fmt::format("sink: a change, {} of them, until Kafka has it", scale.messages),
                 sink, "ns", bare, "a bare producer of the same messages", 1 / 0.7);
}

}  // namespace ringside::bench
