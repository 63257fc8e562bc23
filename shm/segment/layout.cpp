#include "shm/segment/layout.hpp"

#include <cstring>

#include "shm/index/value_index.hpp"
#include "shm/lane/session_memory.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/ring/ended_writers.hpp"
#include "shm/segment/statistics.hpp"
#include "shm/version/version.hpp"

namespace ringside::shm {

namespace {

/// FNV-1a hash of the numbers that describe a layout.
constexpr std::uint64_t fold(std::initializer_list<std::uint64_t> numbers) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const std::uint64_t number : numbers) {
        for (int shift = 0; shift < 64; shift += 8) {
            hash = (hash ^ ((number >> shift) & 0xffU)) * 0x100000001b3ULL;
        }
    }
    return hash;
}

}  // namespace

std::uint64_t layout_fingerprint() noexcept {
    return fold({sizeof(Identity),
                 offsetof(Identity, ring_entries),
                 offsetof(Identity, sessions),
                 offsetof(Identity, heap),
                 sizeof(Header),
                 offsetof(Header, commit),
                 offsetof(Header, horizon),
                 offsetof(Header, tail),
                 offsetof(Header, root),
                 offsetof(Header, broker),
                 offsetof(Header, store),
                 offsetof(Header, counters),
                 sizeof(Counters),
                 offsetof(Counters, limit_entries),
                 offsetof(Header, indexes),
                 sizeof(IndexEntry),
                 sizeof(Histogram),
                 offsetof(Statistics, pins),
                 statistics_offset + statistics_bytes,
                 sizeof(Posting),
                 sizeof(PostingChunk),
                 sizeof(SessionEntry),
                 offsetof(SessionEntry, revoked_below),
                 sizeof(SpanEntry),
                 sizeof(Slot),
                 sizeof(VersionBlock),
                 sizeof(PageHeader),
                 offsetof(VersionBlock, name_hash),
                 offsetof(VersionBlock, updated_ns),
                 sizeof(ChangeEntry),
                 sizeof(EndedWriterEntry),
                 ended_writers_kept(limits::ring_entries_max),
                 sizeof(PathBlock),
                 sizeof(SessionControl),
                 sizeof(PinSlot),
                 sizeof(LaneControl),
                 sizeof(Declaration),
                 sizeof(Claims),
                 lane_bytes,
                 session_memory_bytes,
                 request_ring_bytes,
                 reply_ring_bytes,
                 offsetof(LaneControl::ClientLine, sent),
                 offsetof(LaneControl::BrokerReplyLine, answered),
                 sizeof(Hello),
                 sizeof(Welcome),
                 sizeof(Goodbye),
                 span_bytes,
                 limits::sessions_max,
                 limits::lanes_per_session_max,
                 limits::pins_per_session_max,
                 limits::declarations_per_session_max});
}

std::string_view name(LimitKind kind) noexcept {
    switch (kind) {
        case LimitKind::sessions: return "sessions";
        case LimitKind::user_sessions: return "user_sessions";
        case LimitKind::waiting_connections: return "waiting_connections";
        case LimitKind::session_memory: return "session_memory_bytes";
        case LimitKind::user_memory: return "user_memory_bytes";
        case LimitKind::sessions_memory: return "sessions_memory_bytes";
        case LimitKind::bookkeeping_memory: return "bookkeeping_memory_bytes";
        case LimitKind::expiry_memory: return "expiry_memory_bytes";
        case LimitKind::calls: return "calls";
        case LimitKind::subjects: return "subjects";
        case LimitKind::subject_memory: return "subject_memory_bytes";
    }
    return "unknown";
}

void StoreLine::show(std::string_view text) noexcept {
    std::array<char, sizeof(reason)> bytes{};
    text.copy(bytes.data(), bytes.size() - 1);
    for (std::size_t i = 0; i < reason.size(); ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
        reason[i].store(word, std::memory_order_relaxed);
    }
    // SYNC store-failure: pairs with failure(); the reason is visible.
    is_failing.store(text.empty() ? 0 : 1, std::memory_order_release);
}

std::string StoreLine::failure() const {
    // SYNC store-failure: pairs with show().
    if (is_failing.load(std::memory_order_acquire) == 0) return {};
    std::array<char, sizeof(reason)> bytes{};
    for (std::size_t i = 0; i < reason.size(); ++i) {
        const std::uint64_t word = reason[i].load(std::memory_order_relaxed);
        std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
    }
    bytes.back() = '\0';
    return bytes.data();
}

}  // namespace ringside::shm
