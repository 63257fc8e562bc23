#pragma once

#include <cstddef>
#include <span>

namespace ringside::broker {

/// Sends one packet over a SOCK_SEQPACKET socket, with at most two descriptors. False: the peer
/// does not take it now, or is gone.
bool send_packet(int socket, const void* bytes, std::size_t size, std::span<const int> descriptors);

}  // namespace ringside::broker
