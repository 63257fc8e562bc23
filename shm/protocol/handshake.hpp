#pragma once

#include <array>

#include "shm/base/limits.hpp"
#include "shm/base/types.hpp"

/// Messages on the unix socket of a grid (SOCK_SEQPACKET, one struct per packet). A client sends a
/// Hello. The broker answers with a Welcome that carries two descriptors (SCM_RIGHTS): the
/// session's memory and the eventfd that wakes the broker. After that, the socket only shows that
/// the peer lives. The broker may send a Goodbye before it closes the socket.
///
/// If the socket is closed without a Goodbye, the client resumes its session with the next broker
/// of the same segment. Its Hello names the session and carries the descriptor of the session's
/// memory. The Welcome carries only the new eventfd. The session, its lanes and its pins are
/// unchanged.
///
/// A broker that replaces another one sends a TakeOverRequest. The answer is a Goodbye, with `ok` if
/// the other broker has stopped serving and releases the grid.
namespace ringside::shm {

inline constexpr std::uint32_t handshake_magic = 0x48474e52;  // "RNGH"

/// The only struct that must never change with the layout.
struct TakeOverRequest {
    std::uint32_t magic = 0x4f474e52;  ///< "RNGO"
    std::uint32_t layout = 0;
    std::uint64_t fingerprint = 0;
};

struct Hello {
    std::uint32_t magic = handshake_magic;
    std::uint32_t layout = 0;
    std::uint64_t fingerprint = 0;
    std::uint64_t boot_id = 0;  ///< of the segment, when a session is resumed
    SessionId session = 0;      ///< session to resume; 0 = a new one
    std::uint32_t session_index = 0;
    std::array<char, limits::session_name_bytes_max> name{};  ///< name of the program, for display
    std::array<char, limits::user_bytes_max> user{};          ///< user it acts for; empty = none
};

struct Welcome {
    std::uint32_t magic = handshake_magic;
    std::uint16_t error = 0;  ///< Errc; 0 = the descriptors are attached
    std::uint16_t role = 0;
    SessionId session = 0;
    std::uint32_t session_index = 0;
    std::uint64_t boot_id = 0;  ///< of the segment that this broker serves
};

struct Goodbye {
    std::uint32_t magic = handshake_magic;
    std::uint16_t error = 0;  ///< Errc; session_closed with the reason in `detail`
    std::uint16_t reserved = 0;
    std::array<char, 200> detail{};
};

enum class Role : std::uint16_t { none = 0, reader = 1, writer = 2, provider = 3, admin = 4 };

}  // namespace ringside::shm
