#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "shm/base/descriptor.hpp"

/// Packets with descriptors over a unix socket (SOCK_SEQPACKET).
namespace ringside::shm {

/// Sends a packet with at most two descriptors. Returns false if the peer is gone or does not take
/// it now.
bool send_packet(int socket, const void* bytes, std::size_t size, std::span<const int> descriptors);

/// Result of `receive_packet`.
struct Packet {
    std::ptrdiff_t size = 0;  ///< as recvmsg: 0 = the end, below 0 = see errno
    std::array<Descriptor, 2> descriptors;
};

/// Receives one packet of at most `size` bytes, and its descriptors.
/// `flags`: those of recvmsg.
Packet receive_packet(int socket, void* into, std::size_t size, int flags = 0);

}  // namespace ringside::shm
