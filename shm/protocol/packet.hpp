#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "shm/base/descriptor.hpp"

/// Packets with descriptors over a unix socket (SOCK_SEQPACKET).
namespace ringside::shm {

/// Sends one packet with at most two descriptors. False: the peer does not take it now, or is gone.
bool send_packet(int socket, const void* bytes, std::size_t size, std::span<const int> descriptors);

/// What `receive_packet` got.
struct Packet {
    std::ptrdiff_t size = 0;  ///< as recvmsg: 0 = the end, below 0 = see errno
    std::array<Descriptor, 2> descriptors;
};

/// Takes one packet of at most `size` bytes, and the descriptors that came along.
/// `flags`: of recvmsg.
Packet receive_packet(int socket, void* into, std::size_t size, int flags = 0);

}  // namespace ringside::shm
