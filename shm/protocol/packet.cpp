#include "shm/protocol/packet.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace ringside::shm {

bool send_packet(int socket, const void* bytes, std::size_t size,
                 std::span<const int> descriptors) {
    iovec part{const_cast<void*>(bytes), size};
    alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(size);
}

Packet receive_packet(int socket, void* into, std::size_t size, int flags) {
    iovec part{into, size};
    alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    Packet packet;
    packet.size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
    if (packet.size < 0) return packet;  // an empty packet may carry descriptors, too
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        std::array<int, 2> values{-1, -1};
        std::memcpy(values.data(), CMSG_DATA(header),
                    std::min<std::size_t>(count, 2) * sizeof(int));
        for (std::size_t i = 0; i < values.size(); ++i) {
            packet.descriptors[i] = Descriptor(values[i]);
        }
    }
    return packet;
}

}  // namespace ringside::shm
