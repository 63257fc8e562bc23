#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// A failure of Kafka, and the possible reaction.
struct KafkaError {
    enum class Kind : std::uint8_t {
        passing,    ///< temporary: try again
        too_large,  ///< the message exceeds Kafka's limit: permanent
        final,      ///< needs a change by an operator: another attempt does not help
    };

    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    Kind kind = Kind::passing;
    std::string text;  ///< a sentence for people, without Kafka's jargon where possible

    /// Converts a code, with librdkafka's additional text.
    static KafkaError of(rd_kafka_resp_err_t code, std::string_view said = {});
    /// Converts an error object.
    static KafkaError of(const rd_kafka_error_t& error);

    /// Returns whether the error concerns the connection to Kafka's servers, whatever the request
    /// was.
    [[nodiscard]] bool is_of_connection() const noexcept;

    /// Converts to an error of the rest of the tool: document_too_large or system_error. The detail
    /// is complete.
    [[nodiscard]] Error error() const;
};

/// Formats an error: the name of its code and the detail. For an error of this tool, only the
/// detail: the code's own text is about documents, conditions and calls to this host.
[[nodiscard]] std::string plain(const Error& error);

/// A value, or the reason why Kafka did not return it.
template <class T>
using KafkaResult = boost::system::result<T, KafkaError>;

}  // namespace ringside::kafka
