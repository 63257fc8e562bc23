#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <span>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/segment/segment.hpp"
#include "shm/wait/deadline.hpp"

namespace ringside::detail {

/// A connection to a broker that was greeted and may not have answered yet. No member waits longer
/// than its deadline, whatever the broker does and however often signals arrive.
/// Thread safety: none.
class Greeting {
public:
    /// Connects and sends `hello` with the descriptors `sent`. `owner` is the owner of the segment.
    /// Errors: no_broker (nobody accepts connections before the deadline, or the socket belongs to
    /// another user than the segment), permission_denied, system_error (no descriptor is free).
    static Result<Greeting> begin(const shm::GridPaths& paths, uid_t owner, const shm::Hello& hello,
                                  std::span<const int> sent, shm::Deadline deadline);

    /// What the broker sends with its answer: the session's memory, for a new session only, and the
    /// doorbell.
    using Descriptors = std::array<Descriptor, 2>;

    /// Waits for the answer. Errors: would_block (none before the deadline: call again), no_broker
    /// (the connection is of no more use), and those that the broker gives.
    Result<shm::Welcome> await(Descriptors& received, shm::Deadline deadline) const;

    [[nodiscard]] Descriptor take_socket() noexcept { return std::move(socket_); }
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }

private:
    Greeting(Descriptor socket, bool is_sent) noexcept
        : socket_(std::move(socket)), is_sent_(is_sent) {}

    Descriptor socket_;  ///< never blocks
    bool is_sent_;       ///< false: the broker closed the connection first, perhaps with an answer
};

}  // namespace ringside::detail
