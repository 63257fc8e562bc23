#include "shm/ring/ended_writers.hpp"

#include <cstring>
#include <string_view>

#include "shm/segment/segment.hpp"

namespace ringside::shm {

namespace {

EndedWriterEntry& writer_entry(const SegmentView& segment, std::uint64_t number) noexcept {
    const Region& region = segment.identity().writers;
    return segment.at<EndedWriterEntry>(
        region.offset)[number % (region.bytes / sizeof(EndedWriterEntry))];
}

template <class Number, class Value>
void put_word(std::atomic<Number>& word, Value value) noexcept {
    // SYNC ended-writer: W2, pairs with R2: a reader of this word sees a changed session at R3.
    word.store(value, std::memory_order_release);
}

template <class Number>
Number take_word(const std::atomic<Number>& word) noexcept {
    // SYNC ended-writer: R2, pairs with W2: R3 cannot see a session older than a word.
    return word.load(std::memory_order_acquire);
}

template <std::size_t words>
void put_text(std::array<Word, words>& to, std::string_view text) noexcept {
    std::array<char, words * sizeof(Word)> bytes{};
    text.copy(bytes.data(), bytes.size() - 1);
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
        put_word(to[i], word);
    }
}

template <std::size_t words>
std::string take_text(const std::array<Word, words>& from) {
    std::array<char, words * sizeof(Word)> bytes{};
    for (std::size_t i = 0; i < words; ++i) {
        const std::uint64_t word = take_word(from[i]);
        std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
    }
    bytes.back() = '\0';
    return bytes.data();
}

std::optional<EndedWriter> copy_of(const EndedWriterEntry& entry, SessionId session) {
    EndedWriter copy;
    copy.session = session;
    copy.pid = take_word(entry.pid);
    copy.uid = take_word(entry.uid);
    copy.gid = take_word(entry.gid);
    copy.opened_ns = take_word(entry.opened_ns);
    copy.ended_ns = take_word(entry.ended_ns);
    copy.program = take_text(entry.program);
    copy.user = take_text(entry.user);
    if (entry.session.load(std::memory_order_relaxed) != session) return std::nullopt;  // R3
    return copy;
}

/// Calls `each(entry, session)` for the entries in use, the newest first, until it returns false.
template <class Each>
void for_each_ended(const SegmentView& segment, Each each) {
    const std::uint64_t count =
        segment.header().broker.writers_ended.load(std::memory_order_relaxed);
    const std::uint64_t kept = segment.identity().writers.bytes / sizeof(EndedWriterEntry);
    // The last one is the oldest, or a newer one whose W4 is not visible yet.
    for (std::uint64_t i = 1; i <= kept; ++i) {
        const EndedWriterEntry& entry = writer_entry(segment, count + kept - i);
        // SYNC ended-writer: R1, pairs with W3: the words of the entry are visible.
        const SessionId session = entry.session.load(std::memory_order_acquire);
        if (session != 0 && !each(entry, session)) return;
    }
}

}  // namespace

void add_ended_writer(const SegmentView& segment, const EndedWriter& writer) noexcept {
    Word& count = segment.header().broker.writers_ended;
    const std::uint64_t number = count.load(std::memory_order_relaxed);
    EndedWriterEntry& entry = writer_entry(segment, number);
    entry.session.store(0, std::memory_order_relaxed);  // W1
    put_word(entry.pid, writer.pid);
    put_word(entry.uid, writer.uid);
    put_word(entry.gid, writer.gid);
    put_word(entry.opened_ns, writer.opened_ns);
    put_word(entry.ended_ns, writer.ended_ns);
    put_text(entry.program, writer.program);
    put_text(entry.user, writer.user);
    // SYNC ended-writer: W3, pairs with R1: the words of the entry are visible.
    entry.session.store(writer.session, std::memory_order_release);
    count.store(number + 1, std::memory_order_relaxed);  // W4
}

std::optional<EndedWriter> find_ended_writer(const SegmentView& segment, SessionId session) {
    std::optional<EndedWriter> found;
    for_each_ended(segment, [&](const EndedWriterEntry& entry, SessionId of) {
        if (of == session) found = copy_of(entry, session);
        return !found;
    });
    return found;
}

std::vector<EndedWriter> ended_writers(const SegmentView& segment) {
    std::vector<EndedWriter> all;
    for_each_ended(segment, [&](const EndedWriterEntry& entry, SessionId session) {
        if (auto copy = copy_of(entry, session)) all.push_back(*std::move(copy));
        return true;
    });
    return all;
}

}  // namespace ringside::shm
