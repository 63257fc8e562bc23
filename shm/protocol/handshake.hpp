#pragma once

#include <array>

#include "shm/base/limits.hpp"
#include "shm/base/types.hpp"

/// What passes over a grid's unix socket (SOCK_SEQPACKET, one struct a packet). A client sends a
/// Hello; the broker answers with a Welcome that carries two descriptors (SCM_RIGHTS): the
/// session's memory and the eventfd that wakes the broker. From then on the socket only says that
/// the peer lives; the broker may send a Goodbye before it closes.
///
/// A client whose socket is closed without a Goodbye resumes its session with the next broker of
/// the same segment: its Hello names the session and carries the descriptor of the session's
/// memory; the Welcome carries the new eventfd only. The session, its lanes and its pins are as
/// they were.
///
/// A broker that is to take the place of another sends a HandOver; the answer is a Goodbye, with
/// `ok` when the other one has stopped serving and lets go of the grid.
namespace ringside::shm {

inline constexpr std::uint32_t handshake_magic = 0x48474e52;  // "RNGH"

/// The one struct that no layout may ever change.
struct HandOver {
    std::uint32_t magic = 0x4f474e52;  ///< "RNGO"
    std::uint32_t layout = 0;
    std::uint64_t fingerprint = 0;
};

struct Hello {
    std::uint32_t magic = handshake_magic;
    std::uint32_t layout = 0;
    std::uint64_t fingerprint = 0;
    std::uint64_t boot_id = 0;  ///< of the segment, when a session is resumed
    SessionId session = 0;      ///< to be resumed; 0: a new one is asked for
    std::uint32_t session_index = 0;
    std::array<char, limits::session_name_bytes_max> name{};  ///< of the program; for people
    std::array<char, limits::user_bytes_max> user{};  ///< for whom it acts; empty: for nobody
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
