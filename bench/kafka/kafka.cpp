#include "bench/kafka/kafka.hpp"
#include "tools/support/built_paths.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <cstring>
#include <fstream>

namespace ringside::bench {

MockCluster::MockCluster(int partitions) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot create a pipe");
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    child_.emplace([&writing, partitions] {
        unpin();
        const KafkaHandle handle = open_kafka(RD_KAFKA_PRODUCER, {{"log_level", "3"}});
        rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(handle.get(), 1);
        if (cluster == nullptr) throw std::runtime_error("cannot create the mock cluster");
        rd_kafka_mock_topic_create(cluster, kafka_topic, partitions, 1);
        const char* bootstrap = rd_kafka_mock_cluster_bootstraps(cluster);
        if (write(writing.get(), bootstrap, std::strlen(bootstrap)) < 0) _exit(1);
        writing = Descriptor();
        for (;;) pause();
    });
    writing = Descriptor();
    char text[256];
    const ssize_t size = read(reading.get(), text, sizeof text);
    if (size <= 0) throw std::runtime_error("cannot start the mock cluster");
    bootstrap_.assign(text, static_cast<std::size_t>(size));
}

KafkaHandle open_kafka(rd_kafka_type_t type, const KafkaProperties& properties) {
    char why[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : properties) {
        if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
            throw std::runtime_error(why);
    }
    KafkaHandle handle(rd_kafka_new(type, conf, why, sizeof why));
    if (!handle) throw std::runtime_error(why);
    return handle;
}

KafkaHandle open_consumer(const std::string& bootstrap, const std::string& group) {
    KafkaHandle consumer = open_kafka(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                                          {"group.id", group},
                                                          {"auto.offset.reset", "earliest"},
                                                          {"fetch.wait.max.ms", "5"},
                                                          {"enable.auto.commit", "false"},
                                                          {"enable.auto.offset.store", "false"}});
    rd_kafka_poll_set_consumer(consumer.get());
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, kafka_topic, RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t failed = rd_kafka_subscribe(consumer.get(), topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(failed));
    return consumer;
}

void produce(rd_kafka_t* producer, std::string_view key, std::string_view value) {
    for (;;) {
        const rd_kafka_resp_err_t failed = rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(kafka_topic), RD_KAFKA_V_KEY(key.data(), key.size()),
            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            throw std::runtime_error(rd_kafka_err2str(failed));
        rd_kafka_poll(producer, 10);
    }
}

std::string delta_of(std::uint64_t number, int names) {
    const std::uint64_t seat = number * 7919 % static_cast<std::uint64_t>(names);
    std::string delta =
        fmt::format(R"({{"event_id":{},"section":"{}","row":{},"seat":{},"status":"{}","price":{},)"
                    R"("sequence":{},"channel":"web","note":")",
                    seat / 5000, static_cast<char>('A' + seat / 500 % 10), seat / 25 % 20,
                    seat % 25, number % 3 == 0 ? "sold" : "held", 4200 + seat % 10 * 100, number);
    constexpr std::size_t bytes = 150;
    if (delta.size() + 2 < bytes) delta.append(bytes - 2 - delta.size(), '.');
    return delta + "\"}";
}

void fill_topic(const std::string& bootstrap, const KafkaScale& scale) {
    SharedFlag is_full;
    const Child producer([&] {
        unpin();
        const KafkaHandle handle =
            open_kafka(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                           {"linger.ms", "5"},
                                           {"queue.buffering.max.messages", "1000000"},
                                           {"batch.num.messages", "1000"}});
        for (int i = 0; i < scale.messages; ++i) {
            const auto number = static_cast<std::uint64_t>(i);
            produce(handle.get(), std::to_string(number * 7919 % 100'000),
                    delta_of(number, scale.names));
        }
        if (rd_kafka_flush(handle.get(), 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw std::runtime_error("mock cluster refused the messages");
        *is_full = 1;
    });
    await([&] { return *is_full == 1 || producer.has_ended(); }, "the topic is full");
    if (*is_full != 1) throw std::runtime_error("producer died");
}

KafkaTool::KafkaTool(const Broker& broker, const std::string& command,
                     const std::string& configuration)
    : file_(Scratch::here().directory("kafka") + "/" + broker.grid() + ".toml") {
    std::ofstream(file_) << configuration;
    child_.emplace([&] {
        unpin();
        become(built::kafka,
               {"ringside-kafka", command, "--grid", broker.grid(), "--config", file_});
    });
}

KafkaTool::~KafkaTool() {
    child_->end(SIGTERM);
    unlink(file_.c_str());
}

void await(const std::function<bool()>& condition, const char* what) {
    const double until = steady_ns() + 120e9;
    while (!condition()) {
        if (steady_ns() > until)
            throw std::runtime_error(std::string("not done within two minutes: ") + what);
        usleep(1000);
    }
}

double steady_ns() {
    return static_cast<double>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace ringside::bench
