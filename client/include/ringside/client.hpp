#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringside/history.hpp"
#include "ringside/index.hpp"
#include "ringside/live_query.hpp"
#include "ringside/messaging.hpp"
#include "ringside/record.hpp"
#include "ringside/snapshot.hpp"
#include "ringside/watch.hpp"
#include "ringside/write.hpp"
#include "shm/base/errc.hpp"

namespace ringside {

/// Options of a session. `Client::attach` documents their errors.
struct ClientOptions {
    std::string grid = "default";
    std::string program{};  ///< shown by `ringside inspect`; default: the process name
    /// User on whose behalf the session acts. `$sys/presence/USER` exists while the user has a
    /// session. One level of a name; empty for none. The client states it, and the broker does not
    /// check it.
    std::string user{};
    /// User (uid) that must own the grid; any other owner is refused with foreign_grid. Without a
    /// value: the user in $RINGSIDE_OWNER (a name or a number). If that is not set, the effective
    /// user, root and the owner of /run/ringside are accepted.
    std::optional<std::uint32_t> owner{};
    /// Maximum time for which a call waits for the broker's answer or for the next broker. Zero:
    /// try once.
    std::chrono::milliseconds timeout{5000};
    /// Time for which a waiting thread spins before it sleeps. A host with one core never spins.
    /// A thread that waits for other sessions spins only on hosts with four cores or more, because
    /// that keeps a third core busy.
    std::chrono::microseconds spin{50};
    /// Whether the session resumes with the next broker when the current one ends. If false, all
    /// later calls fail with connection_lost.
    bool reconnect = true;
    /// How long a call may wait for a broker to accept the session, after the former broker or grid
    /// has gone. An answer that comes later is used by a later call, and until then calls that need
    /// a session fail with no_broker. A few milliseconds suit event loops. `attach` itself waits up
    /// to 5 s.
    std::chrono::milliseconds greeting_time{5000};
    /// Reads the segment that a dead broker has left, without a session. Snapshots and queries work
    /// until the next broker starts, then give snapshot_expired; everything that needs a broker
    /// (`get`, writes, watches, messaging) gives no_broker. Refused with grid_in_use while the
    /// broker lives. Implies `reconnect = false`.
    bool offline = false;
};

/// Access of one process to one grid.
///
/// Reads are plain loads from shared memory: no system call, no message to the broker. Writes
/// travel through a lane to the broker, which acknowledges them with the revision at which they are
/// visible.
///
/// Thread safety: every member may be called from any thread. Each thread gets its own lane and pin
/// at its first call. Objects that a call returns belong to the calling thread, unless their class
/// says otherwise.
/// Cost: starts no thread.
///
///     auto client = ringside::Client::attach({.grid = "onsale"}).value();
///     client.put("event/42/seat/A12", R"({"status":"free","price":4200})").value();
///     auto record = client.get("event/42/seat/A12").value();
///     auto price = record.document()["price"].as_int64();
class Client {
public:
    /// Opens a session with the broker of a grid.
    /// Errors: bad_grid_name, no_such_grid, no_broker, layout_mismatch, permission_denied,
    /// foreign_grid, grid_in_use (offline only), session_limit, bad_user, bad_configuration
    /// ($RINGSIDE_OWNER names no user), system_error.
    static Result<Client> attach(ClientOptions options = {});

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    // -- Reading ---------------------------------------------------------------------------------

    /// Returns the newest version of a record, in place. The Record holds the pin of the calling
    /// thread: destroy it soon (within `limits::pin_lease_ms_default`) and in the same thread.
    /// Errors: not_found, bad_name, name_too_long, lane_limit; no_such_grid while reconnecting.
    [[nodiscard]] Result<Record> get(std::string_view name) const;

    /// Returns a copy of one value of a record. T: bool, std::int64_t, std::uint64_t, double,
    /// std::string. Errors: those of `get`; path_not_found if the pointer names no value, or one
    /// that is not a T.
    template <class T>
    [[nodiscard]] Result<T> get_value(std::string_view name, const JsonPointer& pointer) const;

    /// Reads many records at one revision. Their cache misses overlap, so this is several times
    /// faster than single gets. Calls `each(i, record)` for every name, in order. `record` is null
    /// if the record does not exist, and is valid only during the call.
    /// Errors: lane_limit, snapshot_expired (`each` may have seen invalid values).
    Result<void> get_many(std::span<const std::string_view> names,
                          const std::function<void(std::size_t, const RecordView*)>& each) const;

    /// Opens the grid as of now, or as of an older revision that is still retained.
    /// Errors: compacted, future_revision, lane_limit (too many open snapshots).
    [[nodiscard]] Result<Snapshot> snapshot(SnapshotOptions options = {}) const;

    /// Returns the versions of a record that are still retained, with the sessions that wrote them.
    /// Works for a deleted record, too, and offline. Cost: reads the change ring from the oldest of
    /// these versions on.
    /// Errors: not_found (no version is retained), bad_name, name_too_long, lane_limit.
    [[nodiscard]] Result<History> history(std::string_view name, HistoryOptions options = {}) const;

    /// Returns the process behind a session that has written something, also after the session
    /// ended, as far as it is retained. Never fails for an unknown session: see `Writer::is_known`.
    /// Errors: those of `snapshot`.
    [[nodiscard]] Result<Writer> writer(SessionId session) const;

    /// Returns who wrote the records of a snapshot. Cost: reads the whole change ring once, and
    /// keeps 16 bytes or more for each of its entries.
    /// Errors: snapshot_expired.
    [[nodiscard]] Result<RecordWriters> record_writers(const Snapshot& snapshot) const;

    /// Returns the newest revision that is visible to readers, or 0 while no grid exists. Does not
    /// wait for a grid.
    [[nodiscard]] Revision revision() const;

    // -- Writing ---------------------------------------------------------------------------------
    // Each call waits for the broker's answer and returns the revision and version of the write.
    // Errors of all: condition_failed, permission_denied, grid_full, bad_name, name_too_long,
    // bad_document, document_too_large, too_deep, timed_out (the write may still happen),
    // connection_lost, read_only, memory_only, not_durable, lane_limit, and those of
    // `document_from_json` for JSON text.
    // After connection_lost the outcome is unknown: the session ended while the request was under
    // way. If no broker had started the request, the next session sends it again instead.

    /// Writes a whole document, and creates the record if it does not exist.
    Result<WriteResult> put(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<WriteResult> put(std::string_view name, const Document& document,
                            const WriteOptions& = {});

    /// Sets the value at a JSON Pointer (RFC 6901): adds or replaces a member, replaces an array
    /// element, or appends one (`-`). The record and the parent of the value must exist.
    /// Further errors: not_found, path_not_found, bad_pointer, patch_too_costly.
    Result<WriteResult> patch(std::string_view name, std::string_view pointer,
                              std::string_view json, const WriteOptions& = {});
    Result<WriteResult> patch(std::string_view name, std::string_view pointer,
                              const Document& value, const WriteOptions& = {});

    /// Applies a JSON Merge Patch (RFC 7396), or creates the record. Further error:
    /// patch_too_costly.
    Result<WriteResult> merge(std::string_view name, std::string_view json,
                              const WriteOptions& = {});

    /// Applies a JSON Patch (RFC 6902). `test` compares numbers by value: 1 equals 1.0.
    /// Further errors: not_found, bad_patch, path_not_found, test_failed, patch_too_costly.
    Result<WriteResult> json_patch(std::string_view name, std::string_view json,
                                   const WriteOptions& = {});

    /// Deletes a record. Further error: not_found.
    Result<WriteResult> remove(std::string_view name, const WriteOptions& = {});

    /// Commits all writes of a transaction at one revision, or none of them.
    /// Further errors: transaction_too_large, patch_too_costly; the detail names the write.
    Result<CommitResult> commit(const Transaction& transaction);

    /// Opens a pipeline: many writes without waiting for each. For the calling thread only.
    [[nodiscard]] Result<Pipeline> pipeline(PipelineOptions options = {});

    /// Discards all changes and versions older than the newest revision, to free their memory now.
    /// Watches that have not reached it get `lagged`. Returns the revision. Error:
    /// permission_denied.
    Result<Revision> compact();

    // -- Secondary indexes -----------------------------------------------------------------------

    /// Declares an index over the values at a JSON Pointer, for the records that match a pattern.
    /// Queries use the index once it is built; `indexes` shows the progress. Writers continue
    /// meanwhile. The index exists until it is removed, also after the grid is rebuilt from its
    /// store. Declaring an existing index changes nothing.
    /// Errors: bad_pattern, bad_pointer, reserved_name, bad_name and name_too_long (pattern and
    /// pointer form the name of a record), index_limit, permission_denied, those of `compact`.
    Result<WriteResult> add_index(std::string_view pattern, std::string_view pointer);
    /// Removes an index. Further error: not_found.
    Result<WriteResult> remove_index(std::string_view pattern, std::string_view pointer);
    /// Lists the indexes of the grid. Errors: those of `snapshot`.
    [[nodiscard]] Result<std::vector<IndexInfo>> indexes() const;

    // -- Watching --------------------------------------------------------------------------------

    /// Follows the changes of the records that match a pattern, and events if the options say so.
    /// Errors: bad_pattern, bad_pointer, compacted (`from` is older than the grid retains),
    /// lane_limit.
    [[nodiscard]] Result<Watch> watch(std::string_view pattern, WatchOptions options = {}) const;

    /// Declares interest without a watch. Errors: bad_pattern, reserved_name, lane_limit, those of
    /// `attach`.
    [[nodiscard]] Result<DeclaredInterest> declare_interest(std::string_view pattern) const;

    /// Keeps the result of a query up to date. Queries with `limit` or `top` are refused;
    /// `parallel` has no effect.
    /// Errors: those of `Snapshot::run`, `snapshot` and `watch`; live_query_too_large.
    [[nodiscard]] Result<LiveQuery> live_query(const Query& query, LiveOptions options = {}) const;
    /// Keeps rows up to date that the description's function computes. Errors: as above.
    [[nodiscard]] Result<LiveQuery> live_query(LiveQuerySpec description,
                                               LiveOptions options = {}) const;

    // -- Messaging -------------------------------------------------------------------------------

    /// Publishes an event to current subscribers. Nothing is stored, and the event's version is 0.
    /// Events of one thread are delivered in order. All subscribers see the same order of events
    /// and changes.
    /// Errors: those of `put`, reserved_name.
    Result<WriteResult> publish(std::string_view subject, std::string_view json);
    Result<WriteResult> publish(std::string_view subject, const Document& document);

    /// Watches events only. Errors: those of `watch`.
    [[nodiscard]] Result<Watch> subscribe(std::string_view pattern,
                                          std::optional<Revision> from = {}) const;

    /// Calls a provider of the name and waits for the answer.
    /// Errors: those of `CallPipeline::OnAnswer` and `CallPipeline::call`.
    Result<Answer> call(std::string_view name, std::string_view json, const CallOptions& = {});
    Result<Answer> call(std::string_view name, const Document& document, const CallOptions& = {});

    /// Opens many concurrent calls. Errors: would_block (this thread already has a CallPipeline),
    /// lane_limit.
    [[nodiscard]] Result<CallPipeline> call_pipeline(CallPipeline::OnAnswer on_answer);

    /// Answers calls to the names that match. Returns when the broker has accepted the pattern.
    /// Errors: bad_pattern, reserved_name, permission_denied, lane_limit, timed_out, those of
    /// `attach`.
    [[nodiscard]] Result<Provider> provide(std::string_view pattern);
    /// Creates a provider without patterns. Errors: lane_limit, those of `attach`.
    [[nodiscard]] Result<Provider> provide(OnRegistered on_registered);
    /// Starts threads that answer calls with `handler`. Further errors: bad_configuration (no
    /// threads), system_error (the host refuses another thread).
    [[nodiscard]] Result<Service> provide(std::string_view pattern, CallHandler handler,
                                          ServiceOptions options = {});

    /// Receives notice of which matching names are watched. Errors: those of `provide`.
    [[nodiscard]] Result<Listener> listen(std::string_view pattern);
    /// Creates a listener without patterns. Errors: lane_limit, those of `attach`.
    [[nodiscard]] Result<Listener> listen(OnRegistered on_registered);
    /// Starts a thread that calls the handlers. Further error: system_error (the host refuses
    /// another thread).
    [[nodiscard]] Result<Service> listen(std::string_view pattern, WantedHandler on_wanted,
                                         UnwantedHandler on_unwanted);

    /// Returns whether a listener provides the subject now. This is a read. Errors: those of `get`,
    /// except not_found.
    [[nodiscard]] Result<bool> has_provider(std::string_view subject) const;

    /// Declares the presence of a further user, in addition to `ClientOptions::user`. The same user
    /// may be declared several times. Does not wait for the broker.
    /// Errors: bad_user, lane_limit, those of `attach`.
    [[nodiscard]] Result<Presence> announce_presence(std::string_view user) const;

    // -- Former names, until the release after this one ------------------------------------------

    [[deprecated("use call_pipeline")]] [[nodiscard]] Result<CallPipeline> calls(
        CallPipeline::OnAnswer on_answer) {
        return call_pipeline(std::move(on_answer));
    }
    [[deprecated("use declare_interest")]] [[nodiscard]] Result<DeclaredInterest> want(
        std::string_view pattern) const {
        return declare_interest(pattern);
    }
    [[deprecated("use announce_presence")]] [[nodiscard]] Result<Presence> present(
        std::string_view user) const {
        return announce_presence(user);
    }

    // -- The grid itself -------------------------------------------------------------------------

    /// Returns the name of the grid as passed to `attach`.
    [[nodiscard]] const std::string& grid() const noexcept;

    /// Closes a session: its requests end with session_closed, and its pins and declarations are
    /// released. The client of the closed session opens a new session with its next call.
    /// Errors: not_found (no such session), permission_denied (not an admin), those of `compact`.
    Result<void> close_session(SessionId session);

    /// Returns whether the broker is reachable now. Checks the socket (a system call) and does not
    /// wait for a broker.
    [[nodiscard]] bool is_connected() const;

    class Impl;

private:
    explicit Client(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace ringside
