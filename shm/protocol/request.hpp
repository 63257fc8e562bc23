#pragma once

#include <flatbuffers/flatbuffer_builder.h>

#include <string_view>
#include <vector>

#include "shm/base/types.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/protocol/messages_generated.h"

namespace ringside::shm {

/// For documents of calls, answers and events, which must fit into a ring and a lane's queues.
inline constexpr DocumentLimits message_document_limits{.encoded_max = limits::document_bytes_max};

/// Limits of the document in a command.
constexpr DocumentLimits document_limits_of(wire::CommandKind kind) noexcept {
    if (kind == wire::CommandKind::json_patch) return json_patch_limits;
    return kind == wire::CommandKind::publish ? message_document_limits : DocumentLimits();
}

/// Conditions and options of a command.
struct CommandTerms {
    wire::ConditionKind condition = wire::ConditionKind::none;
    std::uint64_t expected = 0;  ///< for condition version or revision
    std::uint64_t ttl_ms = 0;    ///< 0 = stays until it is removed
};

/// Encodes one request at a time, and reuses its memory. Append commands, then number them with
/// `finish`. Arguments are not checked here, but by the broker.
///
///     RequestWriter writer;
///     writer.put("event/42/seat/A12", document, {});
///     ByteView message = writer.finish(++number);
///
/// Thread safety: none.
class RequestWriter {
public:
    RequestWriter();

    /// Discards the commands so far. The first command after `finish` calls it implicitly.
    void clear() noexcept;

    void put(std::string_view name, ByteView document, const CommandTerms& terms);
    void set_path(std::string_view name, std::string_view pointer, ByteView value,
                  const CommandTerms& terms);
    void merge(std::string_view name, ByteView patch, const CommandTerms& terms);
    void json_patch(std::string_view name, ByteView patch, const CommandTerms& terms);
    void remove(std::string_view name, const CommandTerms& terms);
    /// Adds an event, which is published to current watchers and not stored.
    void publish(std::string_view subject, ByteView document);
    /// Discards all changes up to the published revision. Must be the only command of its request.
    void compact();
    /// Closes a session. Must be the only command of its request.
    void close_session(SessionId session);

    [[nodiscard]] std::size_t commands() const noexcept {
        return is_finished_ ? 0 : commands_.size();
    }
    /// Bytes of the message so far, for comparison with `limits::message_bytes_max`.
    [[nodiscard]] std::size_t bytes() const noexcept { return builder_.GetSize(); }

    /// Returns the request, valid until the next call. `durable`: the reply waits for the disk.
    /// REQUIRES: number > 0, counting up in each lane.
    [[nodiscard]] ByteView finish(std::uint64_t number, bool durable = false);

    /// Encodes a request that is a message to another session. Valid until the next call.
    struct Message {
        wire::MessageKind kind = wire::MessageKind::call;
        std::uint64_t id = 0;
        std::string_view name{};
        ByteView document{};
        std::uint64_t timeout_ms = 0;
        bool is_idempotent = false;
    };
    [[nodiscard]] ByteView message(std::uint64_t number, const Message& message);

    /// Returns the same request under another number. REQUIRES: the last call was `finish`.
    [[nodiscard]] ByteView renumber(std::uint64_t number) noexcept;

    /// Appends any command; arguments that its kind does not need stay empty.
    void append(wire::CommandKind kind, std::string_view name, std::string_view pointer,
                ByteView document, const CommandTerms& terms);

private:
    [[nodiscard]] flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> document_of(
        ByteView document);

    flatbuffers::FlatBufferBuilder builder_;
    std::vector<flatbuffers::Offset<wire::Command>> commands_;
    bool is_finished_ = false;
};

}  // namespace ringside::shm
