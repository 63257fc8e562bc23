#pragma once

#include <optional>
#include <vector>

#include "broker/engine/command.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// A request as it came out of a lane, parsed and checked. Keeps its memory for the next one.
/// Its commands refer to the message's bytes, which outlive them.
struct DecodedRequest {
    std::uint64_t number = 0;
    bool durable = false;  ///< the reply waits until the commit is on disk
    std::vector<Command> commands;
    std::optional<Message> message;  ///< in place of commands
};

/// Why a request cannot be carried out.
struct DecodeFailure {
    Error error;
    std::size_t command = 0;
    /// The peer does not speak the protocol: there is nothing to answer, its session is closed.
    /// Otherwise one of its arguments is wrong, and it gets a reply.
    bool breaks_protocol = false;
};

/// Takes a message apart that may be anything at all.
///
/// Afterwards names pass `check_name`, pointers `Pointer::parse`, documents `verify_document` with
/// the limits of their command, a time to live its limit, and kinds and conditions are ones that
/// exist. No name is one of the grid itself. What is of the grid stands alone. A message has the
/// document that its kind needs. The work is bounded by the message's size: what its commands refer
/// to, counted as often as it is referred to, may not be more than there is. REQUIRES: `message` is
/// aligned to 8.
boost::system::result<void, DecodeFailure> decode(ByteView message, std::size_t commands_max,
                                                  DecodedRequest& out);

/// The number of a request of which only the beginning is there, which may be anything at all.
/// Returns none if it does not begin as an encoder of requests writes it.
[[nodiscard]] std::optional<std::uint64_t> number_of_part(ByteView beginning) noexcept;

}  // namespace ringside::broker
