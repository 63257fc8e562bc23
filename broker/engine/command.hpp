#pragma once

#include <string_view>

#include "shm/base/types.hpp"
#include "shm/protocol/messages_generated.h"

namespace ringside::broker {

/// Whether a command is about the grid as a whole, and not about a record.
[[nodiscard]] constexpr bool is_of_grid(wire::CommandKind kind) noexcept {
    return kind == wire::CommandKind::compact || kind == wire::CommandKind::add_index ||
           kind == wire::CommandKind::remove_index;
}

/// One write as the engine takes it: parsed, bounded and verified, so that nothing in it can be
/// malformed. The views belong to the caller and are not kept.
struct Command {
    wire::CommandKind kind = wire::CommandKind::put;
    wire::ConditionKind condition = wire::ConditionKind::none;
    std::string_view name;       ///< passes `check_name`
    std::string_view pointer;    ///< of set_path: passes `Pointer::parse`
    ByteView document;           ///< passes `verify_document`; empty for remove
    std::uint64_t expected = 0;  ///< of condition version or revision
    std::uint64_t ttl_ms = 0;    ///< 0, or at most `limits::ttl_ms_max`
};

/// What a session says to another one by way of the broker, parsed and checked as a command is.
struct Message {
    wire::MessageKind kind = wire::MessageKind::call;
    std::uint64_t id = 0;
    std::string_view name;  ///< of a call
    ByteView document;      ///< of a call, an answer or a failure
    std::uint64_t timeout_ms = 0;
    bool is_idempotent = false;
};

/// Who asked for a commit; goes into its ring entries.
struct Origin {
    SessionId session = 0;
    std::uint16_t lane = 0;
    std::uint64_t number = 0;
};

}  // namespace ringside::broker
