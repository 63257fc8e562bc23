// A Kafka cluster for tests: librdkafka's mock in a separate process.
//
// Prints "ready HOST:PORT[,HOST:PORT…]", then answers each line of standard input with "ok" or
// "error …". Ends at the end of its input, and on SIGTERM. A broker is a number from 1 on; -1 means
// all.
//
//   topic NAME PARTITIONS [REPLICATION]   creates a topic
//   down B, up B                          a broker disappears, reappears
//   leader TOPIC PARTITION B              another leader; -1: none
//   error API COUNT CODE                  the next COUNT requests of that kind fail
//   delayed B API COUNT CODE MS           the same at one broker, answered late
//   rtt B MS                              answers take that long
//   topic_error TOPIC CODE                metadata of the topic has that error
//
// MS are those of the clients' clock; the cluster's own is faster, see fast_clock.hpp. API:
// produce, fetch, metadata, … or a number of the protocol. CODE: a name of librdkafka
// ("MSG_SIZE_TOO_LARGE", "_TRANSPORT") or a number.

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <charconv>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/kafka/mock/fast_clock.hpp"

namespace {

using Words = std::vector<std::string>;

int number(const std::string& text) {
    int value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end != text.data() + text.size()) {
        throw std::invalid_argument("'" + text + "' is not a number");
    }
    return value;
}

/// Converts a duration of a client's clock to the cluster's.
int cluster_ms(const std::string& text) { return number(text) * ringside::testing::cluster_speed; }

std::int16_t api(const std::string& text) {
    static const std::map<std::string, std::int16_t> names = {
        {"produce", 0},       {"fetch", 1},        {"list_offsets", 2}, {"metadata", 3},
        {"offset_commit", 8}, {"offset_fetch", 9}, {"coordinator", 10}, {"join_group", 11},
        {"heartbeat", 12},    {"sync_group", 14},  {"api_version", 18}, {"producer_id", 22}};
    const auto found = names.find(text);
    return found != names.end() ? found->second : std::int16_t(number(text));
}

rd_kafka_resp_err_t code(const std::string& text) {
    const rd_kafka_err_desc* all = nullptr;
    std::size_t count = 0;
    rd_kafka_get_err_descs(&all, &count);
    for (std::size_t i = 0; i < count; ++i) {
        if (all[i].name != nullptr && text == all[i].name) return all[i].code;
    }
    return rd_kafka_resp_err_t(number(text));
}

void check(rd_kafka_resp_err_t result) {
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(result));
}

/// `at` checks the number of words in a command.
class Cluster {
public:
    explicit Cluster(int brokers) {
        char said[512] = {};
        rd_kafka_conf_t* const configuration = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(configuration, nullptr);
        client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, configuration, said, sizeof said));
        if (client_ == nullptr) throw std::runtime_error(said);
        cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), brokers));
        if (cluster_ == nullptr) throw std::runtime_error("the mock cluster does not start");
    }

    [[nodiscard]] std::string bootstrap() const {
        return rd_kafka_mock_cluster_bootstraps(cluster_.get());
    }

    void carry_out(const Words& words) {
        rd_kafka_mock_cluster_t* const mock = cluster_.get();
        const auto word = [&](std::size_t i) -> const std::string& { return words.at(i); };
        const std::map<std::string, std::function<void()>> commands = {
            {"topic",
             [&] {
                 const int replication = words.size() > 3 ? number(word(3)) : 1;
                 check(rd_kafka_mock_topic_create(mock, word(1).c_str(), number(word(2)),
                                                  replication));
             }},
            {"down", [&] { check(rd_kafka_mock_broker_set_down(mock, number(word(1)))); }},
            {"up", [&] { check(rd_kafka_mock_broker_set_up(mock, number(word(1)))); }},
            {"leader",
             [&] {
                 check(rd_kafka_mock_partition_set_leader(mock, word(1).c_str(), number(word(2)),
                                                          number(word(3))));
             }},
            {"error",
             [&] {
                 const std::vector<rd_kafka_resp_err_t> errors(std::size_t(number(word(2))),
                                                               code(word(3)));
                 rd_kafka_mock_push_request_errors_array(mock, api(word(1)), errors.size(),
                                                         errors.data());
             }},
            {"delayed",
             [&] {
                 for (int left = number(word(3)); left > 0; --left) {
                     check(rd_kafka_mock_broker_push_request_error_rtts(
                         mock, number(word(1)), api(word(2)), 1, code(word(4)),
                         cluster_ms(word(5))));
                 }
             }},
            {"rtt",
             [&] {
                 check(rd_kafka_mock_broker_set_rtt(mock, number(word(1)), cluster_ms(word(2))));
             }},
            {"topic_error",
             [&] { rd_kafka_mock_topic_set_error(mock, word(1).c_str(), code(word(2))); }},
        };
        const auto found = commands.find(word(0));
        if (found == commands.end()) throw std::invalid_argument("no such command");
        found->second();
    }

private:
    template <auto destroy>
    struct Destroy {
        void operator()(auto* owned) const { destroy(owned); }
    };
    std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>> client_;
    std::unique_ptr<rd_kafka_mock_cluster_t, Destroy<rd_kafka_mock_cluster_destroy>> cluster_;
};

Words split(const std::string& line) {
    std::istringstream stream(line);
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

void run(int brokers) {
    Cluster cluster(brokers);
    fmt::print("ready {}\n", cluster.bootstrap());
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        try {
            cluster.carry_out(split(line));
            fmt::print("ok\n");
        } catch (const std::exception& failure) {
            fmt::print("error {}\n", failure.what());
        }
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        run(argc > 1 ? number(argv[1]) : 1);
        return 0;
    } catch (const std::exception& failure) {
        fmt::print(stderr, "mock_kafka: {}\n", failure.what());
        return 1;
    }
}
