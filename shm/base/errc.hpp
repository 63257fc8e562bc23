#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringside {

/// All errors of Ringside. The numbers travel in messages between processes: a value keeps its
/// number permanently, and new values are added at the end of their block.
enum class Errc : std::uint16_t {
    ok = 0,

    // The state of the grid does not meet the request.
    not_found = 1,         ///< no such record at the revision that was read
    condition_failed = 2,  ///< a version, revision or absent condition does not hold
    path_not_found = 3,    ///< a JSON Pointer names no value in the document
    test_failed = 4,       ///< a `test` operation of a JSON Patch does not hold
    compacted = 5,         ///< the requested revision is older than the grid retains
    lagged = 6,            ///< a watch was lapped: changes were missed
    snapshot_expired = 7,  ///< the lease of the pin ended; values that were read may be invalid
    future_revision = 8,   ///< the requested revision has not been reached yet
    no_provider = 9,     ///< nobody provides the called name, or all its providers reject the call
    provider_lost = 10,  ///< the provider that had accepted a call ended without an answer

    // The caller passed an invalid argument.
    bad_name = 20,               ///< a record name that is empty, not UTF-8, or has an empty level
    name_too_long = 21,          ///< a record name of more than `limits::name_bytes_max`
    bad_pattern = 22,            ///< a glob pattern that is not well formed
    bad_pointer = 23,            ///< not a JSON Pointer (RFC 6901), or longer than its limit
    bad_json = 24,               ///< not JSON (RFC 8259)
    bad_utf8 = 25,               ///< a string that is not valid UTF-8
    duplicate_key = 26,          ///< an object has two members with the same key
    number_out_of_range = 27,    ///< a number beyond the largest double, or not a number
    too_deep = 28,               ///< nesting beyond `limits::depth_max`
    document_too_large = 29,     ///< a document beyond `limits::document_bytes_max`
    bad_document = 30,           ///< bytes that are not a document as Ringside encodes it
    bad_patch = 31,              ///< not a JSON Patch (RFC 6902)
    key_too_long = 32,           ///< an object key of more than `limits::key_bytes_max`
    transaction_too_large = 33,  ///< more changes or bytes than one commit may have
    bad_request = 34,            ///< a message that breaks the protocol
    bad_grid_name = 35,          ///< a grid name outside [A-Za-z0-9._-]{1,64}
    bad_configuration = 36,      ///< an invalid option or configuration file
    bad_ttl = 37,                ///< a time to live outside 1 ms .. `limits::ttl_ms_max`
    bad_user = 38,               ///< a user name that is not one level of a name, or is too long
    bad_timeout = 39,            ///< a call timeout outside 1 ms .. `limits::call_ms_max`
    reserved_name = 40,          ///< a name that begins with '$', which only the grid may write
    bad_query = 41,              ///< a query that is invalid, or fails on a value
    query_too_large = 42,        ///< a query exceeds its limit of parts, rows or memory
    live_query_too_large = 43,   ///< a live query exceeds its memory limit
    patch_too_costly = 44,       ///< the patches of a request need more than `PatchBudget` allows
    bad_usage = 45,              ///< a command line that the program cannot run
    bad_input = 46,              ///< a line, row or file of input from which no record can be made
    file_unreadable = 47,        ///< a file that the caller names cannot be opened or read
    bad_frame = 48,              ///< frames in a lane that no correct producer writes

    // The grid refuses the request or cannot serve it.
    grid_full = 50,          ///< the segment has no memory left for this change
    permission_denied = 51,  ///< the session's role does not allow this
    would_block = 52,        ///< the lane is full, or nothing is ready yet
    timed_out = 53,          ///< the deadline passed
    session_limit = 54,      ///< the broker has reached its limit of sessions
    lane_limit = 55,         ///< the session has reached its limit of lanes, pins or declarations
    records_limit = 56,      ///< the grid has reached the record limit of its table
    read_only = 57,          ///< the store is failing: writes resume when it works again
    not_durable = 58,        ///< the change was applied, but the store failed to write it
    memory_only = 59,        ///< the grid has no store, so nothing can be durable
    not_applied = 60,        ///< the broker was replaced before it had started the request
    index_limit = 61,        ///< the grid has reached its limit of secondary indexes
    query_timed_out = 62,    ///< a query exceeded its time limit
    query_interrupted = 63,  ///< the caller interrupted the query
    session_memory_limit = 66,  ///< the session exceeds its limit of broker memory
    user_memory_limit = 67,     ///< the sessions of the user exceed their limit of broker memory
    broker_memory_limit = 68,   ///< all sessions exceed their limit, and this user's use the most

    // No grid is reachable, or it is not the expected one.
    no_such_grid = 70,     ///< no segment of that name
    no_broker = 71,        ///< the segment exists, but its broker does not answer
    connection_lost = 72,  ///< the session ended; unacknowledged requests are in doubt
    layout_mismatch = 73,  ///< the segment was created by a build with another layout
    grid_in_use = 74,      ///< another broker owns the grid
    bad_segment = 75,      ///< the segment failed its checks
    session_closed = 76,   ///< the broker closed the session: protocol violation, or an admin
    foreign_grid = 77,     ///< the grid belongs to another user than expected

    // The store of a grid on disk.
    store_in_use = 80,    ///< another process has opened the store
    store_mismatch = 81,  ///< the directory holds another grid's store, or other files
    store_format = 82,    ///< a newer release has written the store
    store_damaged = 83,   ///< the store does not hold what was written to it
    store_failed = 84,    ///< the disk fails to write or read

    // The host failed.
    system_error = 90,   ///< a system call failed; the log or the message names it
    output_failed = 91,  ///< standard output or an output file cannot be written
};

/// The value with the highest number. Arrays with an element per value depend on it.
inline constexpr Errc errc_last = Errc::output_failed;

/// Returns a short sentence: what happened and what to do about it.
std::string_view message(Errc code) noexcept;

/// Returns the name of the enumerator, e.g. "grid_full": stable, for programs that read the output.
std::string_view name(Errc code) noexcept;

const boost::system::error_category& error_category() noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

/// An error: its code, and a detail in addition to `message(code)`.
struct Error {
    Errc code = Errc::ok;
    std::string detail;  ///< empty, or a separate sentence ("line 12: …")

    Error() = default;
    Error(Errc c) : code(c) {}
    Error(Errc c, std::string d) : code(c), detail(std::move(d)) {}

    /// Returns "name(code): message(code)". A detail stands before the advice in the message, or
    /// replaces it if it gives advice. Programs log this text: docs/operations.md lists the names.
    [[nodiscard]] std::string text() const;

    /// The text without the name of the code, for messages that carry the code in a field.
    [[nodiscard]] std::string explanation() const;

    friend bool operator==(const Error& error, Errc wanted) noexcept {
        return error.code == wanted;
    }
};

/// Thrown by `Result<T>::value()` if there is no value.
class Exception : public std::exception {
public:
    explicit Exception(Error error) : error_(std::move(error)), text_(error_.text()) {}
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
    [[nodiscard]] const Error& error() const noexcept { return error_; }

private:
    Error error_;
    std::string text_;
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location&);

/// A value, or the error that explains why there is none. `.value()` throws `ringside::Exception`.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace ringside
