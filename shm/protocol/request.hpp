#pragma once

#include <flatbuffers/flatbuffer_builder.h>

#include <string_view>
#include <vector>

#include "shm/base/types.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/protocol/messages_generated.h"

namespace ringside::shm {

/// Of calls, answers and events: small enough for a ring and for what is kept for a lane.
inline constexpr DocumentLimits message_document_limits{.encoded_max = limits::document_bytes_max};

/// Of the document that a command carries.
constexpr DocumentLimits document_limits_of(wire::CommandKind kind) noexcept {
    if (kind == wire::CommandKind::json_patch) return json_patch_limits;
    return kind == wire::CommandKind::publish ? message_document_limits : DocumentLimits();
}

/// Under what terms a command is to happen.
struct CommandTerms {
    wire::ConditionKind condition = wire::ConditionKind::none;
    std::uint64_t expected = 0;  ///< of condition version or revision
    std::uint64_t ttl_ms = 0;    ///< 0 = stays until it is removed
};

/// Encodes one request at a time, and keeps its memory for the next: commands are appended, then
/// `finish` numbers them. What is passed is not checked here; the broker does that.
///
///     RequestWriter writer;
///     writer.put("event/42/seat/A12", document, {});
///     ByteView message = writer.finish(++number);
///
/// Thread safety: none.
class RequestWriter {
public:
    RequestWriter();

    /// Forgets the commands so far. Called by the first command after `finish`, too.
    void clear() noexcept;

    void put(std::string_view name, ByteView document, const CommandTerms& terms);
    void set_path(std::string_view name, std::string_view pointer, ByteView value,
                  const CommandTerms& terms);
    void merge(std::string_view name, ByteView patch, const CommandTerms& terms);
    void json_patch(std::string_view name, ByteView patch, const CommandTerms& terms);
    void remove(std::string_view name, const CommandTerms& terms);
    /// An event: it is told to those who watch, and leaves nothing.
    void publish(std::string_view subject, ByteView document);
    /// Forgets all changes up to the published revision; the only command of its request.
    void compact();

    [[nodiscard]] std::size_t commands() const noexcept {
        return is_finished_ ? 0 : commands_.size();
    }
    /// Bytes of the message so far, to be held against `limits::message_bytes_max`.
    [[nodiscard]] std::size_t bytes() const noexcept { return builder_.GetSize(); }

    /// The request; valid until the next call. `durable`: the reply is to wait for the disk.
    /// REQUIRES: number > 0, counting up in each lane.
    [[nodiscard]] ByteView finish(std::uint64_t number, bool durable = false);

    /// A request that is a message to another session. Valid until the next call.
    struct Message {
        wire::MessageKind kind = wire::MessageKind::call;
        std::uint64_t id = 0;
        std::string_view name{};
        ByteView document{};
        std::uint64_t timeout_ms = 0;
        bool is_idempotent = false;
    };
    [[nodiscard]] ByteView message(std::uint64_t number, const Message& message);

    /// The same request once more, under another number. REQUIRES: `finish` was called last.
    [[nodiscard]] ByteView renumber(std::uint64_t number) noexcept;

    /// Any of the above: what a kind does not need stays empty.
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
