#include "shm/base/errc.hpp"

#include <boost/throw_exception.hpp>

namespace ringside {

namespace {

struct Description {
    std::string_view name;
    std::string_view message;
};

Description describe(Errc code) noexcept {
    switch (code) {
        case Errc::ok: return {"ok", "nothing failed"};
        case Errc::not_found:
            return {"not_found", "there is no such record at the revision that was read"};
        case Errc::condition_failed:
            return {"condition_failed",
                    "the version, revision or absence that the change depends on does not "
                    "hold: read the record again and retry"};
        case Errc::path_not_found:
            return {"path_not_found",
                    "the path names no value in the document: check the JSON Pointer against "
                    "the record"};
        case Errc::test_failed:
            return {"test_failed",
                    "a test of the JSON Patch does not hold: read the record again and retry"};
        case Errc::compacted:
            return {"compacted",
                    "the revision is older than the grid retains: start from the current "
                    "state, or retain more"};
        case Errc::lagged:
            return {"lagged",
                    "the watch was lapped and changes were missed: read the current state "
                    "and go on from there"};
        case Errc::snapshot_expired:
            return {"snapshot_expired",
                    "the snapshot was held beyond its lease: discard what was read, open a "
                    "new one or ask for a longer lease"};
        case Errc::future_revision:
            return {"future_revision",
                    "the grid has not reached this revision yet: wait for it or ask for an "
                    "older one"};
        case Errc::no_provider:
            return {"no_provider",
                    "nobody provides this now: start a provider, or call again later"};
        case Errc::provider_lost:
            return {"provider_lost",
                    "the provider has ended without an answer, and may have done what it was "
                    "asked for: find out before you call again"};
        case Errc::bad_name:
            return {"bad_name",
                    "this cannot be the name of a record: use non-empty levels of UTF-8, "
                    "separated by '/', without control characters or '*'"};
        case Errc::name_too_long:
            return {"name_too_long", "the name of the record is too long: use at most 1024 bytes"};
        case Errc::bad_pattern:
            return {"bad_pattern",
                    "the pattern is not well formed: '*' stands for a part of a level, '**' "
                    "must be a level of its own"};
        case Errc::bad_pointer:
            return {"bad_pointer",
                    "this is not a JSON Pointer (RFC 6901): write it as '/member/0', with "
                    "'~0' for '~' and '~1' for '/'"};
        case Errc::bad_json: return {"bad_json", "the text is not JSON (RFC 8259): correct it"};
        case Errc::bad_utf8: return {"bad_utf8", "a text is not valid UTF-8: encode it as UTF-8"};
        case Errc::duplicate_key:
            return {"duplicate_key", "an object has the same key twice: keep one of the two"};
        case Errc::number_out_of_range:
            return {"number_out_of_range",
                    "a number is beyond the largest double: use a smaller one, or a string"};
        case Errc::too_deep:
            return {"too_deep", "the document is nested too deeply: use at most 64 levels"};
        case Errc::document_too_large:
            return {"document_too_large",
                    "the document is too large: keep it within 16 MiB or spread it over "
                    "several records"};
        case Errc::bad_document:
            return {"bad_document", "the bytes are not a document: encode them with this library"};
        case Errc::bad_patch:
            return {"bad_patch",
                    "this is not a JSON Patch (RFC 6902) that can be applied: check its "
                    "operations"};
        case Errc::key_too_long:
            return {"key_too_long", "the key of an object is too long: use at most 1024 bytes"};
        case Errc::transaction_too_large:
            return {"transaction_too_large",
                    "the transaction has more changes or bytes than one commit may have: "
                    "split it"};
        case Errc::bad_request:
            return {"bad_request",
                    "a message breaks the protocol: check that client and broker are of "
                    "matching releases"};
        case Errc::bad_grid_name:
            return {"bad_grid_name",
                    "this cannot be the name of a grid: use 1 to 64 of the characters A-Z "
                    "a-z 0-9 . _ -"};
        case Errc::bad_configuration:
            return {"bad_configuration",
                    "the configuration is invalid: correct the option that the detail names"};
        case Errc::bad_ttl:
            return {"bad_ttl", "the time to live is out of range: use 1 ms to ten years"};
        case Errc::bad_user:
            return {"bad_user",
                    "this cannot be the identity of a session: use one level of a name, of at "
                    "most 127 bytes"};
        case Errc::bad_timeout:
            return {"bad_timeout", "the time for a call is out of range: use 1 ms to one hour"};
        case Errc::reserved_name:
            return {"reserved_name",
                    "names that begin with '$' are written by the grid itself: use another one"};
        case Errc::bad_query:
            return {"bad_query", "the query cannot be run: correct what the detail says"};
        case Errc::query_too_large:
            return {
                "query_too_large",
                "the query needs more than it may: narrow it, group by fewer fields, or raise its "
                "limit"};
        case Errc::live_query_too_large:
            return {"live_query_too_large",
                    "the live query would have to remember more than it may: narrow its pattern or "
                    "its conditions"};
        case Errc::patch_too_costly:
            return {"patch_too_costly",
                    "the patches of the request copy or compare too much: split the request, or "
                    "put the whole document"};
        case Errc::bad_usage: return {"bad_usage", "the command line is wrong"};
        case Errc::bad_input: return {"bad_input", "no record can be made of the input"};
        case Errc::file_unreadable: return {"file_unreadable", "a file cannot be read"};
        case Errc::bad_frame:
            return {"bad_frame",
                    "the frames in a lane are not those of messages: the program writes to the "
                    "session's memory by other means than the client library"};
        case Errc::grid_full:
            return {"grid_full",
                    "the grid has no memory left for this change: delete records, or restart "
                    "it with more memory"};
        case Errc::permission_denied:
            return {"permission_denied",
                    "the role of this session does not allow this: ask the operator of the "
                    "grid for another role"};
        case Errc::would_block:
            return {"would_block", "it cannot go on without waiting: try again later, or wait"};
        case Errc::timed_out:
            return {"timed_out",
                    "the deadline passed: what was asked may still happen, so check before "
                    "trying again"};
        case Errc::session_limit:
            return {"session_limit",
                    "the broker serves as many sessions as it may: close one, or raise its "
                    "limit"};
        case Errc::lane_limit:
            return {"lane_limit",
                    "the session has as many lanes or pins as it may: use fewer threads or "
                    "close snapshots"};
        case Errc::records_limit:
            return {"records_limit",
                    "the grid holds as many records as its table may: delete records, or "
                    "restart it with a larger table"};
        case Errc::index_limit:
            return {"index_limit",
                    "the grid has as many secondary indexes as it may: remove one of them"};
        case Errc::read_only:
            return {"read_only",
                    "the grid takes no writes, because its store fails: mend the cause, it "
                    "goes on by itself"};
        case Errc::not_durable:
            return {"not_durable",
                    "the change was applied but is not on disk, because the store fails: it is "
                    "written when the store works again"};
        case Errc::memory_only:
            return {"memory_only",
                    "the grid is in memory only and nothing in it can be durable: start its "
                    "broker with a data directory"};
        case Errc::not_applied:
            return {"not_applied",
                    "another broker has taken the grid over, and nothing of this request was "
                    "applied: send it again"};
        case Errc::query_timed_out:
            return {"query_timed_out",
                    "the query ran longer than it may: narrow it by names, or give it more time"};
        case Errc::query_interrupted:
            return {"query_interrupted", "the query was ended by whoever asked for it"};
        case Errc::session_memory_limit:
            return {"session_memory_limit",
                    "the session's unfinished requests, waiting replies, declarations and calls "
                    "take more of the broker's memory than one session may: have fewer at a time"};
        case Errc::user_memory_limit:
            return {"user_memory_limit",
                    "the sessions of this user take more of the broker's memory than one user may: "
                    "retry, have fewer requests at a time, or restart the broker with a larger "
                    "--session-memory"};
        case Errc::broker_memory_limit:
            return {"broker_memory_limit",
                    "all sessions together take more of the broker's memory than they may, and "
                    "this user the most: retry, or restart the broker with a larger "
                    "--session-memory"};
        case Errc::no_such_grid:
            return {"no_such_grid",
                    "there is no grid of this name on this host: start its broker, or check "
                    "the name"};
        case Errc::no_broker:
            return {"no_broker",
                    "the grid exists, but its broker does not answer: start the broker again"};
        case Errc::connection_lost:
            return {"connection_lost",
                    "the session ended: connect again, and check what was not acknowledged"};
        case Errc::layout_mismatch:
            return {"layout_mismatch",
                    "the grid was made by a build with another memory layout: use matching "
                    "releases of client and broker"};
        case Errc::grid_in_use:
            return {"grid_in_use",
                    "another broker owns this grid: stop it first, or run as its standby"};
        case Errc::bad_segment:
            return {"bad_segment",
                    "the memory of the grid does not pass its checks: restart the broker, "
                    "which keeps it aside and recovers from disk"};
        case Errc::session_closed:
            return {"session_closed",
                    "the broker closed the session because it broke the protocol: see the "
                    "broker's log"};
        case Errc::foreign_grid:
            return {"foreign_grid",
                    "the files of the grid belong to another user than expected: check who runs "
                    "its broker, or name that user as the expected owner"};
        case Errc::store_in_use:
            return {"store_in_use",
                    "another process has the store open: stop it, or choose another directory"};
        case Errc::store_mismatch:
            return {"store_mismatch",
                    "the directory does not hold a store of this grid: check grid and directory"};
        case Errc::store_format:
            return {"store_format",
                    "the store was written by a newer release: use that release, or restore a "
                    "backup"};
        case Errc::store_damaged:
            return {"store_damaged",
                    "the store is damaged: see what `ringside verify` says, or restore a backup"};
        case Errc::store_failed:
            return {"store_failed", "the disk of the store fails: see to its space and its health"};
        case Errc::system_error:
            return {"system_error",
                    "a call to the operating system failed: the log or the detail says which"};
        case Errc::output_failed: return {"output_failed", "the output cannot be written"};
    }
    return {"unknown", "an error that this build does not know: it comes from a newer release"};
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
    std::string text(message(code));
    if (!detail.empty()) text.append(": ").append(detail);
    return text;
}

void throw_exception_from_error(const Error& error, const boost::source_location& location) {
    boost::throw_exception(Exception(error), location);
}

}  // namespace ringside
