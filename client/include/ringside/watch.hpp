#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/record.hpp"

namespace ringside {

enum class WatchMode : std::uint8_t {
    latest,  ///< each record's newest state; several changes may fold into one
    every,   ///< each change, in order
};

/// What a watch delivers: any of these together.
enum class WatchFor : std::uint8_t {
    changes = 1,  ///< of records
    events = 2,   ///< each of them, in whichever mode
    /// That a subject gets a provider or loses it (`provided`, `unprovided`). A watch for nothing
    /// else is no reason to provide anything.
    providers = 4,
};
constexpr WatchFor operator|(WatchFor a, WatchFor b) noexcept {
    return static_cast<WatchFor>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(WatchFor set, WatchFor one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct WatchOptions {
    WatchMode mode = WatchMode::latest;
    WatchFor what = WatchFor::changes;
    /// Begin with the changes of this revision, at most the one after the newest; none: with the
    /// next one.
    std::optional<Revision> from{};
    /// Deliver what is there first (as `current`), then the changes: together the whole state. A
    /// consumer may take any time for it: the state is delivered as of newer and newer revisions,
    /// each name once, and of each name the changes after its revision follow.
    /// Not together with `from`.
    bool initial = false;
    /// Only changes of the value that this JSON Pointer names; "" = any change. Not for events.
    /// A value has changed unless it is the same as before by `Value::is_same`: 1.0 in the place of
    /// 1 is a change, though the two are equal numbers.
    std::string pointer{};
    /// Whether this is a reason to provide what it watches. Not for one that watches on behalf of
    /// others, each of whose interests has a `Want` of its own.
    bool is_interest = true;
};

enum class WatchKind : std::uint8_t {
    put,     ///< the whole document was written
    patch,   ///< a part of it was
    remove,  ///< the record was deleted
    expire,  ///< its time to live ran out
    /// Not a change: the record's state at the start, or after `lagged` in mode latest. Of
    /// providers that are there then, a watch is told as `provided`.
    current,
    /// The watch was lapped: `missed` changes were not seen. Or the grid was begun again, or the
    /// session was over while the last event was in use: that event may have been spoilt.
    lagged,
    event,       ///< somebody has published: `record` is its subject and document
    provided,    ///< a listener provides the subject from here on; no document
    unprovided,  ///< no listener does any more
};

std::string_view name(WatchKind kind) noexcept;  ///< "put", "patch", …, as the CLI prints them

/// What a watch delivers. A view into shared memory: valid until the next call of the Watch.
struct WatchEvent {
    WatchKind kind = WatchKind::put;
    RecordView record;      ///< name, document, version, revision; no document after remove/expire
    Position position = 0;  ///< in the change ring
    std::uint64_t time_ns = 0;  ///< Unix time of the commit
    std::uint64_t missed = 0;   ///< of `lagged`: how many changes
    /// Of `lagged`: revision from which the watch goes on. In mode latest the watch delivers every
    /// matching record as `current` next; in mode every take a snapshot and scan it.
    Revision resumes_at = 0;

    /// The value at the watch's pointer (the whole document without one).
    [[nodiscard]] std::optional<Value> value() const;
    const Pointer* pointer = nullptr;
    /// Of a patch that has set one value, or taken away one member, where that is: a JSON Pointer.
    /// Empty: it may be anywhere. In mode every only.
    std::string_view path{};
};

/// A reader's place in the change ring.
/// Thread safety: one thread at a time.
class Watch {
public:
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;
    ~Watch();

    /// The next event if there is one, without waiting or system call. A session that is over, or a
    /// grid that was begun again, is replaced by the next one when that is there.
    /// Errors: would_block (nothing there), connection_lost (the grid is gone for good),
    /// snapshot_expired (the last event was kept beyond its lease and may have been spoilt; the watch
    /// goes on), no_such_grid and no_broker (none for the time of the client's timeout; the watch
    /// goes on), lane_limit (no pin or declaration is free; call again).
    Result<WatchEvent> poll();

    /// Waits for the next event: spins, then sleeps. Errors: timed_out, as `poll` otherwise.
    Result<WatchEvent> next(std::chrono::milliseconds timeout);

    /// A descriptor that is readable while events are there, for epoll and friends. Owned by the
    /// Watch. Call `poll` until would_block, then wait for the descriptor again. One thread of the
    /// client, in one lane, signals the descriptors of all its watches; the first one starts it.
    /// Error: system_error (no thread or descriptor is available).
    Result<int> descriptor();

    /// The revision up to which everything was delivered: `from` = this + 1 goes on elsewhere.
    [[nodiscard]] Revision delivered() const noexcept;

    /// A random number that the watched grid was begun with. Another one: it was begun anew, and a
    /// revision of the former one says nothing of it.
    [[nodiscard]] std::uint64_t boot_id() const noexcept;

    /// Whether the change that was delivered last touches the value that a pointer names; true of
    /// whatever is not a change of a record. For those who watch for many at once.
    [[nodiscard]] bool touches(const Pointer& pointer) const;

    class Impl;

private:
    friend class Client;
    explicit Watch(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Interest in the names that match a pattern, for as long as it lives: listeners are asked for
/// them as if somebody watched them. Delivers nothing.
/// Thread safety: one thread at a time.
class Want {
public:
    Want(Want&&) noexcept;
    Want& operator=(Want&&) noexcept;
    ~Want();

    /// Says it to the grid again that has taken the place of one that was ended; to be called now
    /// and then. Errors: as of `Client::want`.
    Result<void> renew();

    class Impl;

private:
    friend class Client;
    explicit Want(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside
