#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bench/support/workload.hpp"
#include "shm/document/value.hpp"

namespace ringside::bench {

/// Announces documents. Used in the process that created it.
class Announcer {
public:
    Announcer() = default;
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;
    virtual ~Announcer() = default;
    /// Returns once the document has been sent.
    virtual void announce(ByteView document) = 0;
};

/// Receives announcements made after its creation. Used in the process that created it.
class Watcher {
public:
    Watcher() = default;
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    virtual ~Watcher() = default;
    /// Sleeps until the next document. Returns its number.
    virtual std::uint64_t wait() = 0;
    /// Returns the number of the next document if it has arrived. For repeated calls.
    virtual std::optional<std::uint64_t> poll() = 0;
};

/// How clients wait; the server of Ringside waits in the same way.
enum class Waiting { sleeping, spinning };

/// A server on core 1 through which one process announces documents to others.
class Channel {
public:
    Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    virtual ~Channel() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual pid_t server() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Announcer> make_announcer() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Watcher> make_watcher(Waiting how) const = 0;
};

std::unique_ptr<Channel> make_ringside_channel(Waiting how);
std::unique_ptr<Channel> make_ringside_event_channel(Waiting how);
std::unique_ptr<Channel> make_redis_channel(const std::string& directory);
std::unique_ptr<Channel> make_nats_channel();

/// Returns a ticket that contains a number.
[[nodiscard]] inline Bytes numbered_document(std::uint64_t number) {
    return document_from_json(json_of(number)).value();
}

[[nodiscard]] inline std::uint64_t number_in(ByteView document) {
    static const std::int64_t first = Value::of(numbered_document(0))["at"].as_int64().value();
    return static_cast<std::uint64_t>(Value::of(document)["at"].as_int64().value() - first);
}

}  // namespace ringside::bench
