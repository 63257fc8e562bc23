#include "tests/kafka/mock_kafka.hpp"
#include "tools/support/built_paths.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>

namespace ringside::testing {

namespace {

using Properties = std::map<std::string, std::string>;

kafka::ClientHandle make_client(rd_kafka_type_t type, Properties properties) {
    properties.insert({{"reconnect.backoff.ms", "10"}, {"reconnect.backoff.max.ms", "100"}});
    kafka::ConfigurationHandle configuration(rd_kafka_conf_new());
    std::array<char, 512> said{};
    for (const auto& [name, value] : properties) {
        if (rd_kafka_conf_set(configuration.get(), name.c_str(), value.c_str(), said.data(),
                              said.size()) != RD_KAFKA_CONF_OK) {
            throw std::runtime_error(said.data());
        }
    }
    rd_kafka_conf_set_log_cb(configuration.get(), nullptr);
    kafka::ClientHandle client(rd_kafka_new(type, configuration.get(), said.data(), said.size()));
    if (client == nullptr) throw std::runtime_error(said.data());
    static_cast<void>(configuration.release());
    return client;
}

std::optional<std::string> text_of(const void* bytes, std::size_t size) {
    if (bytes == nullptr) return {};
    return std::string(static_cast<const char*>(bytes), size);
}

TestMessage copy_of(const rd_kafka_message_t& message) {
    TestMessage copy{.key = text_of(message.key, message.key_len),
                     .value = text_of(message.payload, message.len),
                     .headers = {},
                     .partition = message.partition,
                     .offset = message.offset};
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return copy;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
        copy.headers[name] = text_of(value, size).value_or("");
    }
    return copy;
}

}  // namespace

MockKafka::MockKafka(int brokers) {
    if (const char* real = std::getenv("RINGSIDE_TEST_KAFKA")) {
        bootstrap_ = real;
        return;
    }
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    const Descriptor in_reading(in[0]);
    const Descriptor out_writing(out[1]);
    to_ = Descriptor(in[1]);
    from_ = Descriptor(out[0]);
    const std::string count = std::to_string(brokers);
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in_reading.get(), STDIN_FILENO);
        dup2(out_writing.get(), STDOUT_FILENO);
        execl(built::mock_kafka, "mock_kafka", count.c_str(), nullptr);
        _exit(127);
    }
    const std::string line = read_line();
    if (!line.starts_with("ready ")) throw std::runtime_error("the mock does not start: " + line);
    bootstrap_ = line.substr(6);
}

MockKafka::~MockKafka() {
    if (is_mock()) kill();
}

void MockKafka::kill() {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

void MockKafka::freeze() { ::kill(pid_, SIGSTOP); }

std::string MockKafka::read_line() {
    std::string line;
    for (char c = 0;;) {
        pollfd ready{from_.get(), POLLIN, 0};
        if (poll(&ready, 1, 60'000) != 1 || read(from_.get(), &c, 1) != 1 || c == '\n') return line;
        line += c;
    }
}

void MockKafka::command(const std::string& line) {
    const std::string text = line + "\n";
    if (write(to_.get(), text.data(), text.size()) != ssize_t(text.size())) {
        throw std::runtime_error("the mock has ended");
    }
    if (const std::string answer = read_line(); answer != "ok") {
        throw std::runtime_error(line + ": " + answer);
    }
}

std::string MockKafka::make_topic(const std::string& name, int partitions) {
    static std::atomic<int> count = 0;
    const std::string unique =
        name + "-" + std::to_string(getpid()) + "-" + std::to_string(++count);
    if (is_mock()) {
        command("topic " + unique + " " + std::to_string(partitions));
        return unique;
    }
    const kafka::ClientHandle client =
        make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap_}});
    std::array<char, 512> said{};
    rd_kafka_NewTopic_t* topic =
        rd_kafka_NewTopic_new(unique.c_str(), partitions, 1, said.data(), said.size());
    const kafka::QueueHandle answers(rd_kafka_queue_new(client.get()));
    rd_kafka_CreateTopics(client.get(), &topic, 1, nullptr, answers.get());
    rd_kafka_NewTopic_destroy(topic);
    const kafka::EventHandle done(rd_kafka_queue_poll(answers.get(), 30'000));
    if (done == nullptr || rd_kafka_event_error(done.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error("the cluster does not make the topic " + unique);
    }
    return unique;
}

TestProducer::TestProducer(const MockKafka& kafka, const Properties& properties) {
    Properties all{{"bootstrap.servers", kafka.bootstrap()}};
    all.insert(properties.begin(), properties.end());
    client_ = make_client(RD_KAFKA_PRODUCER, all);
}

void TestProducer::send(const std::string& topic, const TestMessage& message) {
    const auto bytes = [](const std::optional<std::string>& text) {
        return text ? const_cast<char*>(text->data()) : nullptr;
    };
    const std::size_t key_size = message.key ? message.key->size() : 0;
    const std::size_t value_size = message.value ? message.value->size() : 0;
    for (;;) {
        kafka::HeadersHandle headers(rd_kafka_headers_new(message.headers.size()));
        for (const auto& [name, value] : message.headers) {
            rd_kafka_header_add(headers.get(), name.data(), ssize_t(name.size()), value.data(),
                                ssize_t(value.size()));
        }
        const auto result = rd_kafka_producev(
            client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(message.partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(bytes(message.key), key_size),
            RD_KAFKA_V_VALUE(bytes(message.value), value_size), RD_KAFKA_V_HEADERS(headers.get()),
            RD_KAFKA_V_END);
        if (result == RD_KAFKA_RESP_ERR_NO_ERROR) {
            static_cast<void>(headers.release());
            rd_kafka_poll(client_.get(), 0);
            return;
        }
        if (result != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            throw std::runtime_error(rd_kafka_err2str(result));
        }
        rd_kafka_poll(client_.get(), 10);
    }
}

void TestProducer::flush() {
    const auto result = rd_kafka_flush(client_.get(), 60'000);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(result));
}

void produce(const MockKafka& kafka, const std::string& topic,
             const std::vector<TestMessage>& messages) {
    TestProducer producer(kafka);
    for (const TestMessage& message : messages) producer.send(topic, message);
    producer.flush();
}

TestConsumer::TestConsumer(const MockKafka& kafka, const std::string& topic)
    : client_(make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", kafka.bootstrap()},
                                              {"group.id", "unused"},
                                              {"enable.auto.commit", "false"},
                                              {"auto.offset.reset", "error"},
                                              {"fetch.wait.max.ms", "100"}})) {
    rd_kafka_poll_set_consumer(client_.get());
    const kafka::TopicHandle handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
    const rd_kafka_metadata_t* got = nullptr;
    const auto result = rd_kafka_metadata(client_.get(), 0, handle.get(), &got, 60'000);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(result));
    const kafka::MetadataHandle metadata(got);
    const int partitions = metadata->topics[0].partition_cnt;
    const kafka::PartitionListHandle list(rd_kafka_topic_partition_list_new(partitions));
    for (int i = 0; i < partitions; ++i) {
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(client_.get(), list.get());
}

TestConsumer::~TestConsumer() { rd_kafka_consumer_close(client_.get()); }

std::optional<TestMessage> TestConsumer::next(std::chrono::milliseconds within) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    do {
        const kafka::MessageHandle message(rd_kafka_consumer_poll(client_.get(), 20));
        if (message == nullptr) continue;
        if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
            throw std::runtime_error("the mock has dropped messages that were not read yet");
        }
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        all_.push_back(copy_of(*message));
        return all_.back();
    } while (std::chrono::steady_clock::now() < deadline);
    return {};
}

const std::vector<TestMessage>& TestConsumer::read_until(
    const std::function<bool(const std::vector<TestMessage>&)>& is_enough,
    std::chrono::milliseconds within) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!is_enough(all_) && std::chrono::steady_clock::now() < deadline) {
        next(std::chrono::milliseconds(20));
    }
    return all_;
}

std::vector<TestMessage> consume(const MockKafka& kafka, const std::string& topic,
                                 std::size_t count, std::chrono::milliseconds within) {
    TestConsumer consumer(kafka, topic);
    return consumer.read_until([&](const auto& all) { return all.size() >= count; }, within);
}

}  // namespace ringside::testing
