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

/// A connection to a broker that has been sent a Hello and might not have answered yet. No member
/// waits beyond its deadline, whatever the broker does and however many signals arrive.
/// Thread safety: none.
class Greeting {
public:
    /// Connects and sends `hello` with the descriptors `sent`. `owner`: owner of the segment.
    /// Errors: no_broker (nobody accepts connections before the deadline, or the socket does not
    /// belong to the segment's owner), permission_denied, system_error (no descriptor is
    /// available).
    static Result<Greeting> begin(const shm::GridPaths& paths, uid_t owner, const shm::Hello& hello,
                                  std::span<const int> sent, shm::Deadline deadline);

    /// Descriptors sent with the answer: the session's memory (only for a new session) and the
    /// doorbell.
    using Descriptors = std::array<Descriptor, 2>;

    /// Waits for the answer. Errors: would_block (none before the deadline: call again), no_broker
    /// (the connection is unusable), and those that the broker returns.
    Result<shm::Welcome> await(Descriptors& received, shm::Deadline deadline) const;

    [[nodiscard]] Descriptor take_socket() noexcept { return std::move(socket_); }
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }

private:
    Greeting(Descriptor socket, bool is_sent) noexcept
        : socket_(std::move(socket)), is_sent_(is_sent) {}

    Descriptor socket_;  ///< non-blocking
    bool is_sent_;  ///< false if the broker closed the connection first, possibly with an answer
};

}  // namespace ringside::detail
