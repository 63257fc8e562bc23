#pragma once

#include <string_view>

#include "shm/base/types.hpp"
#include "shm/protocol/messages_generated.h"

namespace ringside::broker {

/// Returns whether a command applies to the whole grid and not to a single record.
[[nodiscard]] constexpr bool is_of_grid(wire::CommandKind kind) noexcept {
    return kind == wire::CommandKind::compact || kind == wire::CommandKind::add_index ||
           kind == wire::CommandKind::remove_index || kind == wire::CommandKind::close_session;
}

/// One write in the form that the engine accepts: parsed, bounded and verified. No field can be
/// malformed. The views belong to the caller; the engine keeps none of them.
struct Command {
    wire::CommandKind kind = wire::CommandKind::put;
    wire::ConditionKind condition = wire::ConditionKind::none;
    std::string_view name;     ///< accepted by `check_name`
    std::string_view pointer;  ///< set_path only; accepted by `JsonPointer::parse`
    ByteView document;         ///< accepted by `verify_document`; empty for remove
    /// For a condition on the version or the revision. For close_session: a SessionId, not 0.
    std::uint64_t expected = 0;
    std::uint64_t ttl_ms = 0;  ///< 0, or at most `limits::ttl_ms_max`
};

/// A message from one session to another through the broker, parsed and checked like a command.
struct Message {
    wire::MessageKind kind = wire::MessageKind::call;
    std::uint64_t id = 0;
    std::string_view name;  ///< calls only
    ByteView document;      ///< of a call, an answer or a failure
    std::uint64_t timeout_ms = 0;
    bool is_idempotent = false;
};

/// The request that caused a commit. Stored in the ring entries of the commit.
struct Origin {
    SessionId session = 0;
    std::uint16_t lane = 0;
    std::uint64_t number = 0;
};

}  // namespace ringside::broker
