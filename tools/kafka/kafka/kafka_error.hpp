#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// A failure of Kafka, and what can be done about it.
struct KafkaError {
    enum class Kind : std::uint8_t {
        passing,    ///< may be over by itself: try again
        too_large,  ///< the message is larger than Kafka takes: never again
        final,      ///< somebody has to change something: to try again does not help
    };

    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    Kind kind = Kind::passing;
    std::string text;  ///< a sentence for people, without Kafka's words for it where plain ones do

    /// From a code, with what librdkafka has said beside it.
    static KafkaError of(rd_kafka_resp_err_t code, std::string_view said = {});
    /// From an error that is a thing of its own.
    static KafkaError of(const rd_kafka_error_t& error);

    /// Whether it is about reaching Kafka's servers, whatever was asked of them.
    [[nodiscard]] bool is_of_connection() const noexcept;

    /// As an error of the rest of the tool: document_too_large or system_error. Its detail says all
    /// that there is to say.
    [[nodiscard]] Error error() const;
};

/// The text of an error: the name of its code and what there is to say. Where this tool has made the
/// error, that is the detail alone: the code's own words are about documents, conditions and calls to
/// this host.
[[nodiscard]] std::string plain(const Error& error);

/// A value, or why Kafka did not give it.
template <class T>
using KafkaResult = boost::system::result<T, KafkaError>;

}  // namespace ringside::kafka
