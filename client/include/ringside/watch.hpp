#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/record.hpp"

namespace ringside {

/// Granularity of the changes that a watch delivers.
enum class WatchMode : std::uint8_t {
    latest,  ///< newest state of each record; several changes may become one
    every,   ///< every change, in order
};

/// What a watch delivers; values can be combined.
enum class WatchFor : std::uint8_t {
    changes = 1,  ///< changes of records
    events = 2,   ///< every event, in either mode
    /// Gain and loss of a provider by a subject (`provided`, `unprovided`). A watch for providers
    /// only does not count as interest.
    providers = 4,
};
constexpr WatchFor operator|(WatchFor a, WatchFor b) noexcept {
    return static_cast<WatchFor>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(WatchFor set, WatchFor one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// Options of a watch.
struct WatchOptions {
    WatchMode mode = WatchMode::latest;
    WatchFor what = WatchFor::changes;
    /// First revision to deliver, at most the one after the newest. Default: the next one.
    std::optional<Revision> from{};
    /// Deliver the existing records first (as `current`), then changes: together the whole state.
    /// The consumer may take any time. The state is read at newer and newer revisions, each name
    /// once. Changes of a name follow from the revision at which it was read.
    /// Must not be combined with `from`.
    bool initial = false;
    /// Deliver only changes of the value at this JSON Pointer; "" for any change. Does not apply to
    /// events. Values are compared by `Value::is_same`: replacing 1 by 1.0 is a change, although
    /// the numbers are equal.
    std::string pointer{};
    /// Whether the watch counts as interest, so that listeners provide its subjects. Set to false
    /// for a watch on behalf of others, each of which has its own `DeclaredInterest`.
    bool is_interest = true;
};

/// Kind of an item that a watch delivers.
enum class WatchKind : std::uint8_t {
    put,     ///< the whole document was written
    patch,   ///< a part of the document was written
    remove,  ///< the record was deleted
    expire,  ///< the time to live of the record ended
    /// Not a change: the state of a record at the start, or after `lagged` in mode latest. Existing
    /// providers are delivered as `provided`.
    current,
    /// The watch was lapped and has lost `missed` changes. Also delivered if the grid was recreated
    /// or the session ended while the last event was in use. That event may then be invalid.
    lagged,
    event,       ///< an event was published: `record` is its subject and document
    provided,    ///< a listener provides the subject from now on; no document
    unprovided,  ///< no listener provides the subject now
};

std::string_view name(WatchKind kind) noexcept;  ///< "put", "patch", …, as in the CLI's output

/// Item that a watch delivers. A view into shared memory: valid until the next call of the Watch.
struct WatchEvent {
    WatchKind kind = WatchKind::put;
    RecordView record;  ///< name, document, version, revision; no document after remove or expire
    Position position = 0;      ///< in the change ring
    std::uint64_t time_ns = 0;  ///< Unix time of the commit, in ns
    std::uint64_t missed = 0;   ///< for `lagged`: number of lost changes
    /// For `lagged`: the revision from which the watch continues. In mode latest, every matching
    /// record follows as `current`. In mode every, take a snapshot and scan it.
    Revision resumes_at = 0;

    /// Returns the value at the pointer of the watch, or the whole document without a pointer.
    [[nodiscard]] std::optional<Value> value() const;
    const JsonPointer* pointer = nullptr;
    /// JSON Pointer of the value that a patch set or removed, in mode every. Empty if unknown: the
    /// patch may have changed any value.
    std::string_view path{};
    /// Session that made the change or published the event, for `Client::writer`. 0: the broker, as
    /// for `expire`, or no change (`current`, `lagged`).
    SessionId session = 0;
};

/// Cursor of a reader in the change ring.
/// Thread safety: one thread at a time.
class Watch {
public:
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;
    ~Watch();

    /// Returns the next event, without waiting or a system call. Moves to the next session or grid
    /// if the current one has ended and a new one exists.
    /// Errors: would_block (no event), connection_lost (the grid is gone permanently), lane_limit
    /// (no free pin or declaration; call again). After these errors the watch continues:
    /// snapshot_expired (the last event was held beyond its lease and may be invalid); no_such_grid
    /// and no_broker (not available within the client's timeout).
    Result<WatchEvent> poll();

    /// Waits for the next event: spins, then sleeps. Errors: timed_out, otherwise those of `poll`.
    Result<WatchEvent> next(std::chrono::milliseconds timeout);

    /// Returns a descriptor, for epoll and similar loops, that is readable while events are
    /// pending. The Watch owns it. Call `poll` until would_block, then wait for the descriptor
    /// again.
    /// Cost: one thread of the client, with one lane, signals the descriptors of all watches. The
    /// first descriptor starts it. Error: system_error (no thread or descriptor is available).
    Result<int> descriptor();

    /// Revision up to which everything was delivered. Another watch can continue with
    /// `from = delivered() + 1`.
    [[nodiscard]] Revision delivered() const noexcept;

    /// Random number that identifies the watched grid. A different number means that the grid was
    /// recreated, and revisions of the former grid have no meaning in it.
    [[nodiscard]] std::uint64_t epoch() const noexcept;

    /// Returns whether the last delivered change affects the value at a pointer. Returns true for
    /// items that are not changes of records. Serves programs that watch on behalf of many users.
    [[nodiscard]] bool affects(const JsonPointer& pointer) const;

    [[deprecated("use epoch")]] [[nodiscard]] std::uint64_t boot_id() const noexcept {
        return epoch();
    }
    [[deprecated("use affects")]] [[nodiscard]] bool touches(const JsonPointer& pointer) const {
        return affects(pointer);
    }

    class Impl;

private:
    friend class Client;
    explicit Watch(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Interest in the names that match a pattern, during its lifetime. Listeners are asked to provide
/// them as if they were watched. Delivers nothing.
/// Thread safety: one thread at a time.
class DeclaredInterest {
public:
    DeclaredInterest(DeclaredInterest&&) noexcept;
    DeclaredInterest& operator=(DeclaredInterest&&) noexcept;
    ~DeclaredInterest();

    /// Repeats the declaration if the grid was replaced; call it from time to time. Errors: those
    /// of `Client::declare_interest`.
    Result<void> renew();

    class Impl;

private:
    friend class Client;
    explicit DeclaredInterest(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

using Want [[deprecated("use DeclaredInterest")]] = DeclaredInterest;

}  // namespace ringside
