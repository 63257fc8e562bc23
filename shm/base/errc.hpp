#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringside {

/// Every way in which an operation of Ringside can fail. The numbers travel in messages between
/// processes: a value keeps its number for ever, new ones are added at the end of their block.
enum class Errc : std::uint16_t {
    ok = 0,

    // The state of the grid is not what the caller asked for.
    not_found = 1,         ///< no such record at the revision that was read
    condition_failed = 2,  ///< a version, revision or absent condition does not hold
    path_not_found = 3,    ///< a JSON Pointer names no value in the document
    test_failed = 4,       ///< a `test` operation of a JSON Patch does not hold
    compacted = 5,         ///< the revision asked for is older than the grid retains
    lagged = 6,            ///< a watch was lapped: changes were missed
    snapshot_expired = 7,  ///< the pin's lease ran out, what was read may not be whole
    future_revision = 8,   ///< the revision asked for has not been reached yet
    no_provider = 9,       ///< nobody provides what is called, or everybody who does rejects it
    provider_lost = 10,    ///< the provider that had accepted a call ended without an answer

    // What the caller passed is not acceptable.
    bad_name = 20,               ///< a record name that is empty, not UTF-8, or has an empty level
    name_too_long = 21,          ///< a record name of more than `limits::name_bytes_max`
    bad_pattern = 22,            ///< a glob pattern that is not well formed
    bad_pointer = 23,            ///< not a JSON Pointer (RFC 6901), or longer than its limit
    bad_json = 24,               ///< not JSON (RFC 8259)
    bad_utf8 = 25,               ///< a string that is not valid UTF-8
    duplicate_key = 26,          ///< an object names one key twice
    number_out_of_range = 27,    ///< a number beyond the largest double, or not a number
    too_deep = 28,               ///< nesting beyond `limits::depth_max`
    document_too_large = 29,     ///< a document beyond `limits::document_bytes_max`
    bad_document = 30,           ///< bytes that are not a document as Ringside encodes it
    bad_patch = 31,              ///< not a JSON Patch (RFC 6902)
    key_too_long = 32,           ///< an object key of more than `limits::key_bytes_max`
    transaction_too_large = 33,  ///< more changes or bytes than one commit may have
    bad_request = 34,            ///< a message that breaks the protocol
    bad_grid_name = 35,          ///< a grid name outside [A-Za-z0-9._-]{1,64}
    bad_configuration = 36,      ///< an option or configuration file that cannot be used
    bad_ttl = 37,                ///< a time to live outside 1 ms .. `limits::ttl_ms_max`
    bad_user = 38,               ///< an identity that is not one level of a name, or too long
    bad_timeout = 39,            ///< a call's time outside 1 ms .. `limits::call_ms_max`
    reserved_name = 40,          ///< a name that begins with '$', which only the grid may write
    bad_query = 41,              ///< a query that cannot be run, or fails on a value it meets
    query_too_large = 42,        ///< a query has more parts or rows, or uses more, than it may
    live_query_too_large = 43,   ///< a live query would remember more than it may
    patch_too_costly = 44,       ///< the patches of a request need more than `PatchBudget` allows
    bad_usage = 45,              ///< a command line that the program cannot run
    bad_input = 46,              ///< a line, row or file of input from which no record can be made
    file_unreadable = 47,        ///< a file that the caller names cannot be opened or read
    bad_frame = 48,              ///< a lane's frames that no producer of messages writes

    // The grid refuses or cannot serve.
    grid_full = 50,             ///< the segment has no memory left for this change
    permission_denied = 51,     ///< the session's role does not allow this
    would_block = 52,           ///< the lane is full, or nothing is ready yet
    timed_out = 53,             ///< the deadline passed
    session_limit = 54,         ///< the broker serves as many sessions as it may
    lane_limit = 55,            ///< the session has as many lanes as it may
    records_limit = 56,         ///< the grid holds as many records as its table may
    read_only = 57,             ///< the store fails: nothing is written until it works again
    not_durable = 58,           ///< the change was applied, but its store has failed to take it
    memory_only = 59,           ///< the grid has no store, so that nothing can be durable
    not_applied = 60,           ///< the broker was replaced before it had taken up the request
    index_limit = 61,           ///< the grid has as many secondary indexes as it may
    query_timed_out = 62,       ///< a query ran longer than it may
    query_interrupted = 63,     ///< whoever asked for a query has ended it
    session_memory_limit = 66,  ///< the session makes the broker remember more than it may
    user_memory_limit = 67,     ///< the sessions of its user do
    broker_memory_limit = 68,   ///< all sessions do, and those of this user the most

    // There is no grid to talk to, or not this one.
    no_such_grid = 70,     ///< no segment of that name
    no_broker = 71,        ///< the segment is there, its broker does not answer
    connection_lost = 72,  ///< the session ended; what was not acknowledged is in doubt
    layout_mismatch = 73,  ///< the segment was made by a build with another layout
    grid_in_use = 74,      ///< another broker owns the grid
    bad_segment = 75,      ///< the segment does not pass its checks
    session_closed = 76,   ///< the broker closed the session because it broke the protocol
    foreign_grid = 77,     ///< the grid's files belong to another user than expected

    // The store of a grid on disk.
    store_in_use = 80,    ///< another process has it open
    store_mismatch = 81,  ///< the directory holds another grid's store, or something else
    store_format = 82,    ///< it was written by a newer release
    store_damaged = 83,   ///< it does not hold what was written to it
    store_failed = 84,    ///< the disk refuses to write or read

    // The host failed us.
    system_error = 90,   ///< a system call failed; the log or the message says which
    output_failed = 91,  ///< standard output or an output file cannot be written
};

/// A short sentence that says what happened and what to do about it.
std::string_view message(Errc code) noexcept;

/// The enumerator's own name, e.g. "grid_full": stable, for programs that read our output.
std::string_view name(Errc code) noexcept;

const boost::system::error_category& error_category() noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

/// A failure: its code and, where there is more to say than `message(code)`, what exactly.
struct Error {
    Errc code = Errc::ok;
    std::string detail;  ///< empty, or a sentence of its own ("line 12: …")

    Error() = default;
    Error(Errc c) : code(c) {}
    Error(Errc c, std::string d) : code(c), detail(std::move(d)) {}

    /// "name(code): message(code)", followed by ": detail" where there is one. Programs print and
    /// log this text: docs/operations.md is keyed by the names.
    [[nodiscard]] std::string text() const;

    /// The text without the name of the code, for messages that carry the code in a field.
    [[nodiscard]] std::string explanation() const;

    friend bool operator==(const Error& error, Errc wanted) noexcept {
        return error.code == wanted;
    }
};

/// Thrown by `Result<T>::value()` when there is none.
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

/// A value, or the reason why there is none. `.value()` throws `ringside::Exception`.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace ringside
