#include "tools/kafka/kafka/producer.hpp"

#include <array>

namespace ringside::kafka {

namespace {

constexpr std::string_view queue_kbytes_default = "65536";

/// Returns null if there are none.
HeadersHandle headers_of(std::span<const Header> headers) {
    if (headers.empty()) return nullptr;
    HeadersHandle made(rd_kafka_headers_new(headers.size()));
    for (const Header& header : headers) {
        rd_kafka_header_add(made.get(), header.name.data(), ssize_t(header.name.size()),
                            header.value ? header.value->data() : nullptr,
                            header.value ? ssize_t(header.value->size()) : 0);
    }
    return made;
}

}  // namespace

/// Its address is stable, because librdkafka's callbacks receive it.
struct Producer::State {
    OnOutcome on_outcome;
    std::size_t pending = 0;
    std::optional<KafkaError> trouble;
    // Order matters: the topic must be destroyed before its client.
    ClientHandle client;
    TopicHandle topic;

    static State& of(void* opaque) noexcept { return *static_cast<State*>(opaque); }

    static void tell_outcome(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        --of(opaque).pending;
        const auto tag = std::uint64_t(reinterpret_cast<std::uintptr_t>(message->_private));
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return of(opaque).on_outcome(tag, nullptr);
        }
        const KafkaError failure = KafkaError::of(message->err);
        of(opaque).on_outcome(tag, &failure);
    }

    static void note_trouble(rd_kafka_t*, int code, const char* said, void* opaque) {
        of(opaque).trouble = KafkaError::of(rd_kafka_resp_err_t(code), said);
    }
};

Producer::Producer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Producer::Producer(Producer&&) noexcept = default;
Producer& Producer::operator=(Producer&&) noexcept = default;

Producer::~Producer() {
    if (state_ == nullptr) return;
    state_->on_outcome = [](std::uint64_t, const KafkaError*) {};
    // Otherwise destroying the client waits for messages that Kafka may never take.
    rd_kafka_purge(state_->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(state_->client.get(), 1000);
}

Result<Producer> Producer::create(Properties properties, const std::string& topic,
                                  OnOutcome on_outcome) {
    properties.set("enable.idempotence", "true");
    properties.set("message.timeout.ms", "0");  // retry without limit
    properties.set_default("queue.buffering.max.kbytes", queue_kbytes_default);
    auto configuration = properties.configuration();
    if (!configuration) return configuration.error();
    auto state = std::make_unique<State>();
    state->on_outcome = std::move(on_outcome);
    rd_kafka_conf_set_opaque(configuration->get(), state.get());
    rd_kafka_conf_set_dr_msg_cb(configuration->get(), State::tell_outcome);
    rd_kafka_conf_set_error_cb(configuration->get(), State::note_trouble);
    std::array<char, 512> said{};
    state->client.reset(
        rd_kafka_new(RD_KAFKA_PRODUCER, configuration->get(), said.data(), said.size()));
    if (state->client == nullptr) return Error(Errc::bad_configuration, said.data());
    static_cast<void>(configuration->release());  // now owned by the client
    state->topic.reset(rd_kafka_topic_new(state->client.get(), topic.c_str(), nullptr));
    if (state->topic == nullptr) {
        return Error(Errc::bad_configuration, "'" + topic + "' is not a topic name");
    }
    return Producer(std::move(state));
}

Result<void> Producer::check(Properties properties, const std::string& topic) {
    const auto made = create(std::move(properties), topic, [](std::uint64_t, const KafkaError*) {});
    if (!made) return made.error();
    return {};
}

std::optional<KafkaError> Producer::send(const OutgoingMessage& message) {
    std::array<rd_kafka_vu_t, 8> parts;
    std::size_t count = 0;
    const auto part = [&](rd_kafka_vtype_t type) -> auto& {
        parts[count].vtype = type;
        return parts[count++].u;
    };
    const auto set_bytes = [](auto& bytes, const std::optional<std::string_view>& value) {
        bytes.ptr = value ? const_cast<char*>(value->data()) : nullptr;
        bytes.size = value ? value->size() : 0;
    };
    part(RD_KAFKA_VTYPE_RKT).rkt = state_->topic.get();
    part(RD_KAFKA_VTYPE_PARTITION).i32 = message.partition;
    part(RD_KAFKA_VTYPE_MSGFLAGS).i = RD_KAFKA_MSG_F_COPY;
    set_bytes(part(RD_KAFKA_VTYPE_KEY).mem, message.key);
    set_bytes(part(RD_KAFKA_VTYPE_VALUE).mem, message.value);
    part(RD_KAFKA_VTYPE_TIMESTAMP).i64 = message.timestamp_ms;
    part(RD_KAFKA_VTYPE_OPAQUE).ptr = reinterpret_cast<void*>(std::uintptr_t(message.tag));
    HeadersHandle headers = headers_of(message.headers);
    if (headers != nullptr) part(RD_KAFKA_VTYPE_HEADERS).headers = headers.get();
    const ErrorHandle failed(rd_kafka_produceva(state_->client.get(), parts.data(), count));
    if (failed != nullptr) return KafkaError::of(*failed);
    static_cast<void>(headers.release());  // now owned by the message
    ++state_->pending;
    return {};
}

int Producer::poll(std::chrono::milliseconds timeout) {
    return rd_kafka_poll(state_->client.get(), int(timeout.count()));
}

bool Producer::flush(std::chrono::milliseconds timeout) {
    return rd_kafka_flush(state_->client.get(), int(timeout.count())) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::size_t Producer::pending() const noexcept { return state_->pending; }

KafkaResult<std::int32_t> Producer::partitions(std::chrono::milliseconds timeout) {
    const rd_kafka_metadata_t* got = nullptr;
    const auto code =
        rd_kafka_metadata(state_->client.get(), 0, state_->topic.get(), &got, int(timeout.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError::of(code);
    const MetadataHandle metadata(got);
    if (metadata->topic_cnt != 1) return KafkaError::of(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    const rd_kafka_metadata_topic_t& topic = metadata->topics[0];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError::of(topic.err);
    return topic.partition_cnt;
}

std::optional<KafkaError> Producer::take_trouble() {
    return std::exchange(state_->trouble, std::nullopt);
}

std::optional<KafkaError> Producer::fatal_error() const {
    std::array<char, 512> said{};
    const auto code = rd_kafka_fatal_error(state_->client.get(), said.data(), said.size());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    KafkaError error = KafkaError::of(code, said.data());
    error.kind = KafkaError::Kind::final;
    return error;
}

}  // namespace ringside::kafka
