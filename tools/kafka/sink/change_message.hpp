#pragma once

#include <array>
#include <span>
#include <string>

#include "ringside/watch.hpp"
#include "tools/kafka/kafka/producer.hpp"
#include "tools/kafka/sink/options.hpp"

namespace ringside::kafka {

/// Puts changes into messages, one at a time, with memory that it keeps from one to the next.
///
/// Key: the record's name. Value: JSON; none for a record that is gone. Headers, as text:
///   ringside.kind      put, patch, remove, expire; current: a record as it is; lagged, resumed
///   ringside.revision  of the commit
///   ringside.version   of the record after it
///   ringside.time      of the commit, Unix time in ms
///   ringside.content   of a value: document or json-patch
/// A message that is about no record has `ringside.revision` and, of `lagged`, `ringside.missed`
/// where that is known and `ringside.resumes_at`, and these as a JSON object, too.
///
/// Thread safety: one thread at a time.
class ChangeMessage {
public:
    explicit ChangeMessage(const SinkOptions& options) : options_(options) {}

    // Each is valid until the next call, and as long as what it was given.

    /// Of a change of a record. The event's memory is read here, not later.
    const OutgoingMessage& of(const WatchEvent& event);
    /// Of a record as it is.
    const OutgoingMessage& current(const RecordView& record);
    /// That changes up to the revision were missed; `missed`: how many, 0: not known.
    const OutgoingMessage& lagged(std::uint64_t missed, Revision resumes_at);
    /// That all records as of the revision have been told.
    const OutgoingMessage& resumed(Revision revision);

private:
    struct Number {
        std::array<char, 20> text;
    };

    void begin(std::string_view kind);
    void add_header(std::string_view name, std::string_view value);
    void add_header(std::string_view name, std::uint64_t value);
    void describe(const RecordView& record, std::uint64_t time_ns);
    void set_value(std::string_view content);
    void make_marker();

    const SinkOptions& options_;
    OutgoingMessage message_;
    std::string name_;
    std::string value_;
    std::array<Header, 5> headers_{};
    std::array<Number, 5> numbers_{};
    std::size_t header_count_ = 0;
};

}  // namespace ringside::kafka
