#include "shm/base/errc.hpp"

#include <boost/throw_exception.hpp>

namespace ringside {

namespace {

struct Description {
    std::string_view name;
    std::string_view message;  ///< "problem", or "problem; what to do"
};

Description describe(Errc code) noexcept {
    switch (code) {
        case Errc::ok: return {"ok", "no error"};
        case Errc::not_found: return {"not_found", "record not found"};
        case Errc::condition_failed:
            return {"condition_failed", "condition not met; read the record again and retry"};
        case Errc::path_not_found:
            return {"path_not_found",
                    "path not found in the document; check the JSON Pointer against the record"};
        case Errc::test_failed:
            return {"test_failed", "JSON Patch test failed; read the record again and retry"};
        case Errc::compacted:
            return {"compacted",
                    "revision is no longer retained; start from the current state, or restart the "
                    "broker with a larger --retain-entries"};
        case Errc::lagged:
            return {"lagged",
                    "watch fell behind and missed changes; read the current state and continue "
                    "from there"};
        case Errc::snapshot_expired:
            return {"snapshot_expired",
                    "snapshot lease expired; discard what was read, then open a new snapshot or "
                    "request a longer lease"};
        case Errc::future_revision:
            return {"future_revision",
                    "grid has not reached this revision; wait for it or request an older one"};
        case Errc::no_provider:
            return {"no_provider",
                    "no provider is registered; start a provider, or call again later"};
        case Errc::provider_lost:
            return {"provider_lost",
                    "provider ended without an answer and may have carried out the call; check its "
                    "effect before you call again"};
        case Errc::bad_name:
            return {"bad_name",
                    "invalid record name; use non-empty levels of UTF-8 separated by '/', without "
                    "control characters or '*'"};
        case Errc::name_too_long:
            return {"name_too_long", "record name too long; use at most 1024 bytes"};
        case Errc::bad_pattern:
            return {"bad_pattern",
                    "invalid pattern; '*' matches part of a level, '**' must be a whole level"};
        case Errc::bad_pointer:
            return {"bad_pointer",
                    "invalid JSON Pointer (RFC 6901); write it as '/member/0', with '~0' for '~' "
                    "and '~1' for '/'"};
        case Errc::bad_json: return {"bad_json", "invalid JSON (RFC 8259)"};
        case Errc::bad_utf8: return {"bad_utf8", "text is not valid UTF-8; encode it as UTF-8"};
        case Errc::duplicate_key:
            return {"duplicate_key", "duplicate key in an object; keep one of them"};
        case Errc::number_out_of_range:
            return {"number_out_of_range",
                    "number too large for a double; use a smaller number, or a string"};
        case Errc::too_deep:
            return {"too_deep", "document nested too deeply; use at most 64 levels"};
        case Errc::document_too_large:
            return {"document_too_large",
                    "document too large; use at most 16 MiB, or split it into several records"};
        case Errc::bad_document:
            return {"bad_document", "invalid binary document; encode documents with this library"};
        case Errc::bad_patch:
            return {"bad_patch", "invalid JSON Patch (RFC 6902); check its operations"};
        case Errc::key_too_long:
            return {"key_too_long", "object key too long; use at most 1024 bytes"};
        case Errc::transaction_too_large:
            return {"transaction_too_large",
                    "transaction exceeds the limit of changes or bytes; split it"};
        case Errc::bad_request: return {"bad_request", "invalid request"};
        case Errc::bad_grid_name:
            return {"bad_grid_name",
                    "invalid grid name; use 1 to 64 of the characters A-Z a-z 0-9 . _ -"};
        case Errc::bad_configuration: return {"bad_configuration", "invalid configuration"};
        case Errc::bad_ttl: return {"bad_ttl", "time to live out of range; use 1 ms to 10 years"};
        case Errc::bad_user:
            return {"bad_user",
                    "invalid user name; use one level of a record name, at most 127 bytes"};
        case Errc::bad_timeout:
            return {"bad_timeout", "call timeout out of range; use 1 ms to 1 hour"};
        case Errc::reserved_name:
            return {"reserved_name",
                    "record name is reserved; do not use names that begin with '$'"};
        case Errc::bad_query: return {"bad_query", "invalid query"};
        case Errc::query_too_large:
            return {"query_too_large",
                    "query limit exceeded; narrow the query, group by fewer fields, or raise the "
                    "limit"};
        case Errc::live_query_too_large:
            return {"live_query_too_large",
                    "live query state limit exceeded; narrow the query's pattern or conditions"};
        case Errc::patch_too_costly:
            return {"patch_too_costly",
                    "patches copy or compare too much data; split the request, or write the whole "
                    "document"};
        case Errc::bad_usage: return {"bad_usage", "invalid command line"};
        case Errc::bad_input: return {"bad_input", "invalid input"};
        case Errc::file_unreadable: return {"file_unreadable", "cannot read file"};
        case Errc::bad_frame:
            return {
                "bad_frame",
                "invalid frame in a lane; write to session memory only through the client library"};
        case Errc::grid_full:
            return {"grid_full",
                    "grid is full; delete records, or restart the broker with a larger --memory"};
        case Errc::permission_denied:
            return {"permission_denied",
                    "permission denied; ask the operator of the grid for another role"};
        case Errc::would_block:
            return {"would_block", "operation would block; wait, or try again later"};
        case Errc::timed_out:
            return {
                "timed_out",
                "deadline passed; the operation may still take effect, so check before you retry"};
        case Errc::session_limit:
            return {"session_limit",
                    "session limit reached; close a session, or raise the broker's limit"};
        case Errc::lane_limit:
            return {
                "lane_limit",
                "session's limit of lanes or pins reached; use fewer threads, or close snapshots"};
        case Errc::records_limit:
            return {"records_limit",
                    "record table is full; delete records, or restart the broker with a larger "
                    "--memory"};
        case Errc::index_limit:
            return {"index_limit", "limit of secondary indexes reached; remove an index first"};
        case Errc::read_only:
            return {"read_only",
                    "grid is read-only because its store is failing; fix the store, and writes "
                    "resume automatically"};
        case Errc::not_durable:
            return {"not_durable",
                    "change applied but not on disk because the store is failing; it is written "
                    "when the store works again"};
        case Errc::memory_only:
            return {
                "memory_only",
                "grid has no store, so changes cannot be durable; start the broker with --data"};
        case Errc::not_applied:
            return {"not_applied",
                    "another broker took over before the request was applied; send it again"};
        case Errc::query_timed_out:
            return {"query_timed_out",
                    "query time limit exceeded; select fewer records by name, or raise the limit"};
        case Errc::query_interrupted:
            return {"query_interrupted", "query interrupted by its caller"};
        case Errc::session_memory_limit:
            return {"session_memory_limit",
                    "session exceeds its share of broker memory; have fewer requests, replies, "
                    "declarations and calls pending"};
        case Errc::user_memory_limit:
            return {"user_memory_limit",
                    "user's sessions exceed their share of broker memory; retry, have fewer "
                    "requests pending, or restart the broker with a larger --session-memory"};
        case Errc::broker_memory_limit:
            return {"broker_memory_limit",
                    "broker memory for sessions is exhausted, and this user holds most of it; "
                    "retry, or restart the broker with a larger --session-memory"};
        case Errc::no_such_grid:
            return {"no_such_grid",
                    "no such grid on this host; start its broker, or check the name"};
        case Errc::no_broker:
            return {"no_broker",
                    "broker does not respond; if its process runs, stop it; then start the broker "
                    "again"};
        case Errc::connection_lost:
            return {"connection_lost",
                    "session ended; connect again, and check requests that were not acknowledged"};
        case Errc::layout_mismatch:
            return {"layout_mismatch",
                    "incompatible memory layout; use matching releases of client and broker"};
        case Errc::grid_in_use:
            return {"grid_in_use",
                    "grid is in use; stop its broker first, or start the new one with --standby or "
                    "--take-over"};
        case Errc::bad_segment:
            return {"bad_segment",
                    "segment is damaged; restart the broker, which sets the segment aside and "
                    "recovers from disk"};
        case Errc::session_closed:
            return {"session_closed",
                    "session closed by the broker for a protocol violation, or by an admin; see "
                    "the broker's log"};
        case Errc::foreign_grid:
            return {"foreign_grid",
                    "unexpected owner or mode of the grid's files; check who runs the broker, or "
                    "set RINGSIDE_OWNER to the expected owner"};
        case Errc::store_in_use:
            return {
                "store_in_use",
                "store is open in another process; stop that process, or choose another directory"};
        case Errc::store_mismatch:
            return {"store_mismatch",
                    "directory holds no store of this grid; check the grid and the directory"};
        case Errc::store_format:
            return {"store_format",
                    "store was written by a newer release; use that release, or restore a backup"};
        case Errc::store_damaged:
            return {"store_damaged",
                    "store is damaged; run `ringside verify` for the extent, or restore a backup"};
        case Errc::store_failed:
            return {"store_failed", "store cannot use its disk; check the disk's space and health"};
        case Errc::system_error: return {"system_error", "system call failed"};
        case Errc::output_failed: return {"output_failed", "cannot write output"};
    }
    return {"unknown", "unknown error code of a newer release; upgrade this program"};
}

class Category final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "ringside"; }
    [[nodiscard]] std::string message(int code) const override {
        return std::string(ringside::message(static_cast<Errc>(code)));
    }
};

}  // namespace

std::string_view message(Errc code) noexcept { return describe(code).message; }

std::string_view name(Errc code) noexcept { return describe(code).name; }

const boost::system::error_category& error_category() noexcept {
    static const Category category;
    return category;
}

std::string Error::text() const {
    return std::string(name(code)).append(": ").append(explanation());
}

std::string Error::explanation() const {
    const std::string_view general = message(code);
    if (detail.empty()) return std::string(general);
    const auto advice = general.find("; ");
    std::string text(general.substr(0, advice));
    text.append(": ").append(detail);
    // A detail that gives advice replaces the general advice.
    const bool advises = detail.find("; ") != std::string::npos;
    if (advice != std::string_view::npos && !advises) text.append(general.substr(advice));
    return text;
}

void throw_exception_from_error(const Error& error, const boost::source_location& location) {
    boost::throw_exception(Exception(error), location);
}

}  // namespace ringside
