#pragma once

#include <array>
#include <span>
#include <string>

#include "ringside/watch.hpp"
#include "tools/kafka/kafka/producer.hpp"
#include "tools/kafka/sink/options.hpp"

namespace ringside::kafka {

/// Converts changes to messages, one at a time, and reuses its memory.
///
/// Key: the record's name. Value: JSON; none for a removed record. Headers, as text:
///   ringside.kind      put, patch, remove, expire; current: state of a record; lagged, resumed
///   ringside.revision  of the commit
///   ringside.version   of the record after it
///   ringside.time      of the commit, Unix time in ms
///   ringside.content   of a value: document or json-patch
/// A message that is not about a record has `ringside.revision` and, for `lagged`,
/// `ringside.missed` if known and `ringside.resumes_at`. These are also in its value, a JSON
/// object.
///
/// Thread safety: one thread at a time.
class ChangeMessage {
public:
    explicit ChangeMessage(const SinkOptions& options) : options_(options) {}

    // Results are valid until the next call, and as long as their argument.

    /// Converts a change of a record. Reads the event's memory immediately.
    const OutgoingMessage& of(const WatchEvent& event);
    /// Converts the state of a record.
    const OutgoingMessage& current(const RecordView& record);
    /// Reports missed changes up to the revision. `missed` is their number, 0 if unknown.
    const OutgoingMessage& lagged(std::uint64_t missed, Revision resumes_at);
    /// Reports that all records at the revision have been sent.
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
