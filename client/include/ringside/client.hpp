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

#include "ringside/index.hpp"
#include "ringside/live_query.hpp"
#include "ringside/messaging.hpp"
#include "ringside/record.hpp"
#include "ringside/snapshot.hpp"
#include "ringside/watch.hpp"
#include "ringside/write.hpp"
#include "shm/base/errc.hpp"

namespace ringside {

struct ClientOptions {
    std::string grid = "default";
    std::string program{};  ///< shown by `ringside inspect`; empty: the name of the process
    /// For whom the session acts: `$sys/presence/USER` is there while a session of that user is.
    /// One level of a name; empty: for nobody. As the client says it, nobody checks it.
    std::string user{};
    /// The user (uid) whose grid this has to be; any other is refused with foreign_grid. Without a
    /// value: the user in $RINGSIDE_OWNER (a name or a number), or else the effective user, root,
    /// or the owner of /run/ringside.
    std::optional<std::uint32_t> owner{};
    /// How long a call may wait for the broker to answer, or for the next one. Zero: one try.
    std::chrono::milliseconds timeout{5000};
    /// How long a waiting thread spins before it sleeps; zero on a host with one core, and for what
    /// other sessions do, which keeps a third core busy, on one with less than four.
    std::chrono::microseconds spin{50};
    /// Whether the session is resumed with the next broker when this one is gone. Off: calls fail
    /// with connection_lost for ever.
    bool reconnect = true;
    /// Reads the segment that a dead broker has left, without a session. Snapshots and queries work
    /// until the next broker starts, then give snapshot_expired; everything that needs a broker
    /// (`get`, writes, watches, messaging) gives no_broker. Refused with grid_in_use while the
    /// broker lives. Implies `reconnect = false`.
    bool offline = false;
};

/// A process's access to one grid.
///
/// Reads are plain loads from shared memory: no system call, no message to the broker. Writes
/// travel through a lane to the broker and are acknowledged with the revision at which they are
/// visible.
///
/// Thread safety: every member may be called from any thread; each thread gets a lane and a pin of
/// its own at its first call. What a call returns belongs to the calling thread.
/// Cost: starts no thread.
///
///     auto client = ringside::Client::attach({.grid = "onsale"}).value();
///     client.put("event/42/seat/A12", R"({"status":"free","price":4200})").value();
///     auto record = client.get("event/42/seat/A12").value();
///     auto price = record.document()["price"].as_int64();
class Client {
public:
    /// Errors: bad_grid_name, no_such_grid, no_broker, layout_mismatch, permission_denied,
    /// foreign_grid, grid_in_use (offline only), session_limit, bad_user, bad_configuration ($RINGSIDE_OWNER names no user),
    /// system_error.
    static Result<Client> attach(ClientOptions options = {});

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    // -- Reading ---------------------------------------------------------------------------------

    /// The newest version of a record, in place. The Record holds the calling thread's pin: let it
    /// go soon (`limits::pin_lease_ms_default`), and in the thread that got it.
    /// Errors: not_found, bad_name, name_too_long, lane_limit; no_such_grid while reconnecting.
    [[nodiscard]] Result<Record> get(std::string_view name) const;

    /// One value of a record, copied out. T: bool, std::int64_t, std::uint64_t, double,
    /// std::string. Errors: as `get`; path_not_found when the pointer names nothing or not a T.
    template <class T>
    [[nodiscard]] Result<T> get_value(std::string_view name, const Pointer& pointer) const;

    /// Many records of one instant, found with their cache misses overlapped: several times faster
    /// than as many single gets. `each(i, record)` is called for every name, in order; `record` is
    /// null where there is none, and valid during the call only.
    /// Errors: lane_limit, snapshot_expired (then `each` may have seen spoilt values).
    Result<void> get_many(std::span<const std::string_view> names,
                          const std::function<void(std::size_t, const RecordView*)>& each) const;

    /// The grid as of now, or as of an older revision that is still retained.
    /// Errors: compacted, future_revision, lane_limit (too many open at once).
    [[nodiscard]] Result<Snapshot> snapshot(SnapshotOptions options = {}) const;

    /// The newest revision that readers may see. Returns 0 while there is no grid. Does not wait
    /// for one.
    [[nodiscard]] Revision revision() const;

    // -- Writing ---------------------------------------------------------------------------------
    // Each call waits for the broker's answer and gives the revision and version that it made.
    // Errors of all: condition_failed, permission_denied, grid_full, bad_name, name_too_long,
    // bad_document, document_too_large, too_deep, timed_out (it may still happen), connection_lost
    // (the session ended while the request was under way: the outcome is unknown; a request that no
    // broker had begun with is sent again in the client's next session), read_only, memory_only,
    // not_durable, lane_limit, and those of `document_from_json` for JSON text.

    Result<WriteResult> put(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<WriteResult> put(std::string_view name, const Document& document,
                            const WriteOptions& = {});

    /// Sets the value that a JSON Pointer names (RFC 6901): a member is added or replaced, an array
    /// element replaced, `-` appends. The record and the value's parent must exist.
    /// Further errors: not_found, path_not_found, bad_pointer, patch_too_costly.
    Result<WriteResult> patch(std::string_view name, std::string_view pointer,
                              std::string_view json, const WriteOptions& = {});
    Result<WriteResult> patch(std::string_view name, std::string_view pointer,
                              const Document& value, const WriteOptions& = {});

    /// Applies a JSON Merge Patch (RFC 7396) or creates the record. Error: patch_too_costly.
    Result<WriteResult> merge(std::string_view name, std::string_view json,
                              const WriteOptions& = {});

    /// Applies a JSON Patch (RFC 6902). Further errors: not_found, bad_patch, path_not_found,
    /// test_failed, patch_too_costly. `test` compares numbers by value: 1 equals 1.0.
    Result<WriteResult> json_patch(std::string_view name, std::string_view json,
                                   const WriteOptions& = {});

    /// Further error: not_found.
    Result<WriteResult> remove(std::string_view name, const WriteOptions& = {});

    /// Commits all writes of a transaction at one revision, or none of them.
    /// Further errors: transaction_too_large, patch_too_costly; the detail names the write.
    Result<CommitResult> commit(const Transaction& transaction);

    /// A way to send many writes without waiting for each. For the calling thread only.
    [[nodiscard]] Result<Pipeline> pipeline(PipelineOptions options = {});

    /// Forgets the changes and old versions before the newest revision, so that their memory comes
    /// back now. Watches that have not got there are told `lagged`. Error: permission_denied.
    Result<Revision> compact();

    // -- Secondary indexes -----------------------------------------------------------------------

    /// Has the grid keep an index of the values at a JSON Pointer in the records whose names match.
    /// Queries on that value use it once it is built, which does not stop writers; `indexes` tells
    /// how far it is. It stays until it is removed, also when the grid is begun anew from its
    /// store. Where it is there already, nothing changes.
    /// Errors: bad_pattern, bad_pointer, reserved_name, bad_name and name_too_long (the two make up
    /// a record's name), index_limit, permission_denied, those of `compact`.
    Result<WriteResult> add_index(std::string_view pattern, std::string_view pointer);
    /// Further error: not_found.
    Result<WriteResult> remove_index(std::string_view pattern, std::string_view pointer);
    /// Errors: as `snapshot`.
    [[nodiscard]] Result<std::vector<IndexInfo>> indexes() const;

    // -- Watching --------------------------------------------------------------------------------

    /// Follows the changes of the records whose names match, and the events if the options say so.
    /// Errors: bad_pattern, bad_pointer, compacted (`from` is older than what the grid retains),
    /// lane_limit.
    [[nodiscard]] Result<Watch> watch(std::string_view pattern, WatchOptions options = {}) const;

    /// Interest without a watch. Errors: bad_pattern, reserved_name, lane_limit, those of `attach`.
    [[nodiscard]] Result<Want> want(std::string_view pattern) const;

    /// The result of a query, kept up to date; `limit` and `top` are not for it, and `parallel` has
    /// no effect. Errors: as `Snapshot::run`, `snapshot` and `watch`; live_query_too_large.
    [[nodiscard]] Result<LiveQuery> live_query(const Query& query, LiveOptions options = {}) const;
    /// The same of rows that somebody else makes. Errors: as above.
    [[nodiscard]] Result<LiveQuery> live_query(LiveDescription description,
                                               LiveOptions options = {}) const;

    // -- Messaging -------------------------------------------------------------------------------

    /// Tells an event to those who watch its subject; nothing is stored. Events of one thread are
    /// told in their order, in one order with all changes. Its version is 0.
    /// Errors: as `put`, reserved_name.
    Result<WriteResult> publish(std::string_view subject, std::string_view json);
    Result<WriteResult> publish(std::string_view subject, const Document& document);

    /// `watch` for events only.
    [[nodiscard]] Result<Watch> subscribe(std::string_view pattern,
                                          std::optional<Revision> from = {}) const;

    /// Calls a provider of that name and waits for its answer.
    /// Errors: those of `Calls::OnAnswer` and `Calls::call`.
    Result<Answer> call(std::string_view name, std::string_view json, const CallOptions& = {});
    Result<Answer> call(std::string_view name, const Document& document, const CallOptions& = {});

    /// Many calls at once. Error: would_block (this thread has one already), lane_limit.
    [[nodiscard]] Result<Calls> calls(Calls::OnAnswer on_answer);

    /// Answers calls of the names that match. Returns when the broker knows of it.
    /// Errors: bad_pattern, reserved_name, permission_denied, lane_limit, timed_out, those of
    /// `attach`.
    [[nodiscard]] Result<Provider> provide(std::string_view pattern);
    /// The same, without a pattern to begin with. Errors: lane_limit, those of `attach`.
    [[nodiscard]] Result<Provider> provide(OnSettled on_settled);
    /// The same with threads that call `handler`. Further errors: bad_configuration (no threads),
    /// system_error (the host has no thread for this process).
    [[nodiscard]] Result<Service> provide(std::string_view pattern, CallHandler handler,
                                          ServiceOptions options = {});

    /// Is told which of the names that match are watched. Errors: as `provide`.
    [[nodiscard]] Result<Listener> listen(std::string_view pattern);
    /// The same, without a pattern to begin with. Errors: lane_limit, those of `attach`.
    [[nodiscard]] Result<Listener> listen(OnSettled on_settled);
    /// The same with a thread that calls the handlers. Further error: system_error (the host has no
    /// thread for this process).
    [[nodiscard]] Result<Service> listen(std::string_view pattern, WantedHandler on_wanted,
                                         UnwantedHandler on_unwanted);

    /// Whether a listener provides this subject now: a read. Errors: as `get`, without not_found.
    [[nodiscard]] Result<bool> has_provider(std::string_view subject) const;

    /// Says that a user is there, beside the one of `ClientOptions`; the same user may be said
    /// several times. Does not wait for the broker. Errors: bad_user, lane_limit, those of
    /// `attach`.
    [[nodiscard]] Result<Presence> present(std::string_view user) const;

    // -- The grid itself -------------------------------------------------------------------------

    /// Name of the grid, as given.
    [[nodiscard]] const std::string& grid() const noexcept;

    /// Whether the broker is there at this moment. Checks the socket (a system call) and does not
    /// wait for a broker.
    [[nodiscard]] bool is_connected() const;

    class Impl;

private:
    explicit Client(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace ringside
