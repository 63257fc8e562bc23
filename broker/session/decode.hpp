#pragma once

#include <optional>
#include <vector>

#include "broker/engine/command.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// A parsed and checked request from a lane. Reuses its memory for the next request. The commands
/// refer to the bytes of the message, which must outlive them.
struct DecodedRequest {
    std::uint64_t number = 0;
    bool durable = false;  ///< the reply waits until the commit is on disk
    std::vector<Command> commands;
    std::optional<Message> message;  ///< instead of commands
};

/// The reason a request cannot be executed.
struct DecodeFailure {
    Error error;
    std::size_t command = 0;
    /// If true, the peer violates the protocol: the broker closes the session without a reply.
    /// Otherwise an argument is wrong, and the peer receives a reply.
    bool breaks_protocol = false;
};

/// Decodes an untrusted message.
///
/// On success, names are accepted by `check_name`, pointers by `JsonPointer::parse`, and documents
/// by `verify_document` with the limits of their command. The time to live is within its limit, and
/// kinds and conditions are known. No name belongs to the grid itself. A grid-level command is the
/// only command of its request. A message has the document that its kind needs. The work is bounded
/// by the message size: the bytes to which commands refer, counted once per reference, must not
/// exceed it. REQUIRES: `message` is aligned to 8.
boost::system::result<void, DecodeFailure> decode(ByteView message, std::size_t commands_max,
                                                  DecodedRequest& out);

/// Returns the number of a request from the first bytes of an untrusted message. Returns none if
/// they do not have the form that an encoder of requests writes.
[[nodiscard]] std::optional<std::uint64_t> number_of_part(ByteView beginning) noexcept;

}  // namespace ringside::broker
