#pragma once

#include <flatbuffers/flatbuffer_builder.h>

#include <optional>
#include <span>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/protocol/messages_generated.h"

namespace ringside::shm {

/// Largest reply to any request except a committed transaction. The broker requires this much room
/// in the reply ring of a lane before it takes a request.
inline constexpr std::uint32_t plain_reply_bytes_max = 512;

/// Longer details are truncated.
inline constexpr std::size_t reply_detail_bytes_max = 256;

/// Broker's side: encodes replies, and reuses its memory. Thread safety: none.
class ReplyWriter {
public:
    ReplyWriter();

    /// Each result is valid until the next call.
    [[nodiscard]] ByteView committed(std::uint64_t number, Revision revision,
                                     std::span<const Version> versions);
    [[nodiscard]] ByteView refused(std::uint64_t number, const Error& error,
                                   std::size_t failed_command);

    /// Delivery to a lane. `number`: of the request that it completes; 0 = none.
    struct Delivery {
        wire::DeliveryKind kind = wire::DeliveryKind::offer;
        std::uint64_t id = 0;
        std::uint32_t place = 0;
        std::string_view name{};
        ByteView document{};
        std::uint64_t timeout_ms = 0;
        std::uint64_t declaration = 0;  ///< target declaration of the lane
    };
    [[nodiscard]] ByteView delivery(std::uint64_t number, const Delivery& delivery);

private:
    /// Message of a commit of one command, encoded once: only its three words change.
    struct Single {
        Bytes message;
        std::size_t number_at = 0;
        std::size_t revision_at = 0;
        std::size_t version_at = 0;
    };

    ByteView encode(std::uint64_t number, Revision revision, std::span<const Version> versions);

    flatbuffers::FlatBufferBuilder builder_;
    Single single_;
};

/// Client's side: a view of a reply in the bytes of its message.
class ReplyView {
public:
    /// Returns nothing if the message is not a Reply.
    static std::optional<ReplyView> parse(ByteView message) noexcept;

    [[nodiscard]] std::uint64_t number() const noexcept { return reply_->number(); }
    /// Returns Errc::ok for a committed request.
    [[nodiscard]] Errc error() const noexcept { return static_cast<Errc>(reply_->error()); }
    [[nodiscard]] std::size_t failed_command() const noexcept { return reply_->failed_command(); }
    [[nodiscard]] std::string_view detail() const noexcept {
        const auto* detail = reply_->detail();
        return detail == nullptr ? std::string_view() : detail->string_view();
    }
    [[nodiscard]] Revision revision() const noexcept { return reply_->revision(); }
    /// Returns null for a plain reply to a request.
    [[nodiscard]] const wire::Delivery* delivery() const noexcept { return reply_->delivery(); }
    [[nodiscard]] std::size_t versions() const noexcept {
        return reply_->versions() == nullptr ? 0 : reply_->versions()->size();
    }
    /// REQUIRES: i < versions().
    [[nodiscard]] Version version(std::size_t i) const noexcept {
        return reply_->versions()->Get(static_cast<flatbuffers::uoffset_t>(i));
    }

private:
    explicit ReplyView(const wire::Reply* reply) noexcept : reply_(reply) {}
    const wire::Reply* reply_;
};

}  // namespace ringside::shm
