#pragma once

#include "ringside/write.hpp"
#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"
#include "shm/document/json.hpp"
#include "shm/protocol/reply.hpp"
#include "shm/protocol/request.hpp"
#include "thread_owned.hpp"

namespace ringside::detail {

/// Converts the public options to their wire form. Error: bad_ttl.
[[nodiscard]] inline Result<shm::CommandTerms> terms_of(const WriteOptions& options) {
    if (options.ttl.count() < 0) return Error(Errc::bad_ttl, "negative value");
    if (static_cast<std::uint64_t>(options.ttl.count()) > limits::ttl_ms_max) {
        return Error(Errc::bad_ttl, "longer than 10 years");
    }
    return shm::CommandTerms{static_cast<wire::ConditionKind>(options.condition.kind),
                             options.condition.expected,
                             static_cast<std::uint64_t>(options.ttl.count())};
}

/// Encodes with the thread's JSON parser, which reuses its memory. Valid until the thread's next
/// call.
[[nodiscard]] inline Result<ByteView> encode(std::string_view json, const DocumentLimits& limits) {
    return ThreadOwned<JsonReader>::get().read(json, limits);
}
/// Encodes the document of a command of this kind.
[[nodiscard]] inline Result<ByteView> encode(std::string_view json, wire::CommandKind kind) {
    return encode(json, shm::document_limits_of(kind));
}
/// Encodes the document of a call or an answer.
[[nodiscard]] inline Result<ByteView> encode(std::string_view json) {
    return encode(json, shm::message_document_limits);
}

/// Returns why the broker has refused a request. REQUIRES: the reply is a refusal.
[[nodiscard]] inline Error error_of(const shm::ReplyView& reply) {
    std::string detail(reply.detail());
    return {reply.error(), std::move(detail)};
}

}  // namespace ringside::detail
