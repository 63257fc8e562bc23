#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "shm/segment/layout.hpp"

/// Identities of sessions that have ended. The entries of the change ring name their session by its
/// number. An open session has a SessionEntry, which is reused when the session ends. So the engine
/// copies the identity of a session that has committed something into this table when the session
/// ends. The table is a ring: a new entry replaces the oldest one.
///
/// Protocol, with the proof of the change ring. Writer (the engine):
///   W1  session := 0 (relaxed)
///   W2  the other words (release, each)
///   W3  session := number of the session (release)
///   W4  BrokerLine::writers_ended + 1 (relaxed)
///   W5  the id of the SessionEntry := 0 (release)
/// Reader:
///   R1  session != 0 (acquire)
///   R2  copy the words (acquire, each)
///   R3  session is unchanged (relaxed), else the entry was replaced
/// Invariant: a reader that no longer finds a session in the session table (acquire, W5) finds it
/// here, unless later ones have replaced it.
/// A crash before W4 leaves an entry that the next broker replaces first. Its session is still in
/// the session table, and is added again when the session ends.
namespace ringside::shm {

class SegmentView;

/// One session that has ended; four cache lines.
///
///   0         4     8     12    16          24         32        96     224
///   | session | pid | uid | gid | opened ns | ended ns | program | user | ---- |
///
/// Times are Unix times. Texts end with a zero.
/// Writer: the engine thread only. Readers: any process, through a read-only mapping.
struct alignas(cache_line_bytes) EndedWriterEntry {
    HalfWord session;  ///< SessionId; 0 = no entry
    HalfWord pid;
    HalfWord uid;
    HalfWord gid;
    Word opened_ns;
    Word ended_ns;
    std::array<Word, limits::session_name_bytes_max / sizeof(Word)> program;
    std::array<Word, limits::user_bytes_max / sizeof(Word)> user;
};
static_assert(sizeof(EndedWriterEntry) == 256);
static_assert(offsetof(EndedWriterEntry, user) == 96);

/// Number of entries for a change ring of this size. They take an eighth of the ring's memory, or
/// 16 KiB.
[[nodiscard]] constexpr std::uint64_t ended_writers_kept(std::uint64_t ring_entries) noexcept {
    return std::max<std::uint64_t>(ring_entries / 32, 64);
}

/// An entry as readers copy it.
struct EndedWriter {
    SessionId session = 0;
    std::uint32_t pid = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t opened_ns = 0;
    std::uint64_t ended_ns = 0;
    std::string program{};
    std::string user{};
};

/// Adds an entry. REQUIRES: `writer.session` is not 0. Texts that are too long are truncated.
void add_ended_writer(const SegmentView& segment, const EndedWriter& writer) noexcept;

/// Returns the entry of a session. Nothing if the session has not ended, has written nothing, or
/// was replaced. Cost: reads the whole table if the session is not among the newest entries.
[[nodiscard]] std::optional<EndedWriter> find_ended_writer(const SegmentView& segment,
                                                           SessionId session);

/// Returns all entries, the newest first.
[[nodiscard]] std::vector<EndedWriter> ended_writers(const SegmentView& segment);

}  // namespace ringside::shm
