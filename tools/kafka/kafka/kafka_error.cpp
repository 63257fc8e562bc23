#include "tools/kafka/kafka/kafka_error.hpp"

namespace ringside::kafka {

namespace {

/// The meaning of an error. An empty sentence stands for librdkafka's own.
struct Meaning {
    KafkaError::Kind kind;
    std::string_view sentence;
};

Meaning meaning_of(rd_kafka_resp_err_t code) noexcept {
    using Kind = KafkaError::Kind;
    switch (code) {
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TRANSPORT:
            return {Kind::passing, "no Kafka broker answers at \"bootstrap.servers\""};
        case RD_KAFKA_RESP_ERR__RESOLVE:
            return {Kind::passing, "cannot resolve a host of \"bootstrap.servers\""};
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            return {Kind::passing,
                    "topic does not exist and Kafka does not create it; create the topic"};
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            return {Kind::passing, "no such partition in the topic"};
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
            return {Kind::passing, "partition has no leader"};
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
            return {Kind::passing, "no answer from Kafka in time"};
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
            return {Kind::passing, "too few in-sync replicas of a partition"};
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
            return {Kind::too_large,
                    "message exceeds \"message.max.bytes\" of this client or "
                    "\"max.message.bytes\" of the topic"};
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            return {Kind::final, "user is not authorized for the topic; grant access in Kafka"};
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return {Kind::final,
                    "user is not authorized for the consumer group; grant access in Kafka"};
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return {Kind::final,
                    "user is not authorized for idempotent writes; grant IdempotentWrite in Kafka"};
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
            return {Kind::final, "Kafka refused the user or password; check the credentials"};
        case RD_KAFKA_RESP_ERR__SSL: return {Kind::passing, "TLS connection to Kafka failed"};
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
        case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
        case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
        case RD_KAFKA_RESP_ERR__INVALID_ARG:
        case RD_KAFKA_RESP_ERR__FATAL:
        case RD_KAFKA_RESP_ERR__FENCED: return {Kind::final, {}};
        default: return {Kind::passing, {}};
    }
}

}  // namespace

KafkaError KafkaError::of(rd_kafka_resp_err_t code, std::string_view said) {
    const Meaning meaning = meaning_of(code);
    std::string text(meaning.sentence);
    if (text.empty()) text = rd_kafka_err2str(code);
    if (!said.empty() && said != text) text += " (" + std::string(said) + ")";
    return {code, meaning.kind, std::move(text)};
}

KafkaError KafkaError::of(const rd_kafka_error_t& error) {
    KafkaError made = of(rd_kafka_error_code(&error), rd_kafka_error_string(&error));
    if (rd_kafka_error_is_fatal(&error) != 0) made.kind = Kind::final;
    return made;
}

bool KafkaError::is_of_connection() const noexcept {
    return code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE ||
           code == RD_KAFKA_RESP_ERR__SSL || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__TRANSPORT;
}

Error KafkaError::error() const {
    return {kind == Kind::too_large ? Errc::document_too_large : Errc::system_error, text};
}

std::string plain(const Error& error) {
    const bool is_made_here = error.code == Errc::system_error ||
                              error.code == Errc::document_too_large ||
                              error.code == Errc::condition_failed;
    if (!is_made_here || error.detail.empty()) return error.text();
    return std::string(name(error.code)) + ": " + error.detail;
}

}  // namespace ringside::kafka
