#pragma once

#include <cstddef>
#include <cstdint>

/// All limits of Ringside, each with the error that reports a violation.
namespace ringside::limits {

// Names and documents.
inline constexpr std::size_t name_bytes_max = 1024;     ///< Errc::name_too_long
inline constexpr std::size_t pattern_bytes_max = 1024;  ///< Errc::bad_pattern
inline constexpr std::size_t pointer_bytes_max = 4096;  ///< Errc::bad_pointer
inline constexpr std::size_t key_bytes_max = 1024;      ///< Errc::key_too_long
inline constexpr std::size_t depth_max = 64;            ///< Errc::too_deep
inline constexpr std::size_t document_bytes_max =
    16ULL << 20;  ///< Errc::document_too_large; JSON text, and content: values, strings and keys
inline constexpr std::size_t encoded_document_bytes_max =
    3 * document_bytes_max;  ///< Errc::document_too_large; in one piece, or all pages together
inline constexpr std::size_t stored_document_bytes_max =
    4 * encoded_document_bytes_max;  ///< Errc::document_too_large; in one piece, in a store
inline constexpr std::size_t patch_operations_max =
    4096;  ///< Errc::bad_patch; operations per JSON Patch
inline constexpr std::size_t patch_depth_max =
    depth_max + 2;  ///< Errc::too_deep; of a JSON Patch: array, operation and value
inline constexpr std::uint64_t patch_steps_max =
    2ULL << 20;  ///< Errc::patch_too_costly; for all patches of a request, see PatchBudget
inline constexpr std::uint64_t patch_steps_per_byte =
    2;  ///< Errc::patch_too_costly; additional steps per encoded byte of the patches
inline constexpr std::uint64_t ttl_ms_max = 10ULL * 365 * 86'400'000;  ///< Errc::bad_ttl; ten years

// JSON messages that carry documents. The limits above apply to those documents.
inline constexpr std::size_t envelope_depth_max = depth_max + 8;  ///< Errc::too_deep
inline constexpr std::size_t envelope_bytes_max =
    64ULL << 10;  ///< of a message, in addition to a document at its limit
inline constexpr std::size_t written_bytes_max =
    512ULL << 20;  ///< Errc::document_too_large; the longest document written as JSON

// Requests.
inline constexpr std::size_t message_bytes_max =
    64ULL << 20;  ///< Errc::transaction_too_large; one request
inline constexpr std::size_t ring_share_per_transaction =
    4;  ///< Errc::transaction_too_large; a commit has at most ring entries / this
inline constexpr std::size_t held_replies_max =
    8192;  ///< Errc::would_block; per lane, for writes that wait for the disk
inline constexpr std::size_t doubtful_requests_max =
    65'536;  ///< Errc::session_closed; unanswered requests per lane at a take-over

// Secondary indexes.
inline constexpr std::size_t indexes_max = 16;  ///< Errc::index_limit
inline constexpr std::size_t index_key_bytes_max =
    256;  ///< of a value in an index; longer strings are looked up by their prefix

// Sessions.
inline constexpr std::size_t sessions_max = 4096;  ///< Errc::session_limit
inline constexpr std::size_t connections_waiting_max =
    1024;  ///< connections before their Hello; new ones replace older ones
inline constexpr std::size_t lanes_per_session_max = 64;  ///< Errc::lane_limit
inline constexpr std::size_t pins_per_session_max =
    256;  ///< Errc::lane_limit; open snapshots and watches, not counting the lanes' own pins
inline constexpr std::size_t session_name_bytes_max = 64;  ///< longer names are truncated
inline constexpr std::size_t user_bytes_max = 128;  ///< Errc::bad_user; with terminating zero
inline constexpr std::size_t declarations_per_session_max =
    256;  ///< Errc::lane_limit; watches, patterns and users declared by one session

// Private memory of the broker that is charged to sessions.
inline constexpr std::size_t sessions_memory_bytes_default =
    128ULL << 20;  ///< Errc::broker_memory_limit; a user gets at most 3/4: user_memory_limit
inline constexpr std::size_t sessions_memory_bytes_min = 16ULL << 20;  ///< Errc::bad_configuration
inline constexpr std::size_t session_memory_bytes_max =
    message_bytes_max + (16ULL << 20);  ///< Errc::session_memory_limit

// Private memory of the broker that grows with the records and with old revisions.
inline constexpr std::uint64_t bookkeeping_bytes_default =
    96ULL << 20;  ///< or a 16th of the segment, if that is more; see GridOptions::bookkeeping_bytes
inline constexpr std::uint64_t bookkeeping_bytes_min = 8ULL << 20;  ///< Errc::bad_configuration

// Calls.
inline constexpr std::size_t calls_per_lane_max =
    1024;  ///< Errc::would_block; concurrent calls of one lane
inline constexpr std::size_t calls_per_provider_max =
    256;  ///< taken or offered calls per lane; further calls wait or go to others
inline constexpr std::size_t calls_max = 1'000'000;  ///< Errc::would_block; concurrent, in total
inline constexpr std::size_t calls_bytes_max =
    32ULL << 20;  ///< Errc::would_block; concurrent calls of one session
inline constexpr std::size_t undelivered_bytes_max =
    32ULL << 20;  ///< Errc::would_block; answers that a lane has not read
inline constexpr std::uint64_t call_ms_max = 3'600'000;  ///< Errc::bad_timeout
inline constexpr std::size_t wanted_subjects_max =
    65'536;  ///< subjects offered to listeners; further ones get no provider
inline constexpr std::size_t wanted_subjects_bytes_max =
    32ULL << 20;  ///< approximate memory of these subjects; further ones get no provider
inline constexpr std::size_t listened_name_bytes_max =
    name_bytes_max - 32;  ///< longer subjects get no provider; Errc::bad_pattern for a pattern

// Queries.
inline constexpr std::size_t query_conditions_max = 4096;      ///< Errc::query_too_large
inline constexpr std::size_t query_conditions_depth_max = 64;  ///< Errc::query_too_large
inline constexpr std::size_t query_columns_max =
    1024;  ///< Errc::query_too_large; selected, keys and aggregates
inline constexpr std::size_t query_groups_max = 1'000'000;  ///< Errc::query_too_large
inline constexpr std::size_t query_bytes_max =
    256ULL << 20;  ///< Errc::query_too_large; rows, groups and distinct values of one thread
inline constexpr std::size_t live_query_bytes_max =
    1ULL << 30;  ///< Errc::live_query_too_large; approximate memory of one live query
inline constexpr std::size_t query_threads_max = 256;  ///< Errc::bad_query

// The segment.
inline constexpr std::uint64_t memory_bytes_min = 8ULL << 20;  ///< Errc::bad_configuration
inline constexpr std::uint64_t memory_bytes_max = 1ULL << 44;  ///< Errc::bad_configuration
inline constexpr std::uint64_t ring_entries_min = 64;          ///< Errc::bad_configuration
inline constexpr std::uint64_t ring_entries_max = 1ULL << 24;  ///< Errc::bad_configuration
inline constexpr std::size_t grid_name_bytes_max = 64;         ///< Errc::bad_grid_name
inline constexpr std::size_t refusal_codes = 96;  ///< Errc values that are counted one by one

// Queries in SQL.
inline constexpr std::size_t sql_bytes_max = 1ULL << 20;  ///< Errc::bad_query; per statement
inline constexpr std::size_t sql_depth_max = 200;         ///< Errc::bad_query; per expression
inline constexpr std::size_t sql_selects_max = 64;        ///< Errc::bad_query; in a compound SELECT
inline constexpr std::size_t sql_tables_max =
    32;  ///< Errc::bad_configuration; declared per database
inline constexpr std::size_t sql_columns_max =
    256;  ///< Errc::bad_configuration; per declared table
inline constexpr std::size_t sql_value_bytes_max =
    64ULL << 20;  ///< Errc::query_too_large; per text that a query makes
inline constexpr std::size_t sql_memory_bytes_max =
    1ULL << 30;  ///< Errc::query_too_large; sorts, groups and everything else in SQLite
inline constexpr std::uint64_t sql_rows_default =
    1'000'000;  ///< Errc::query_too_large; default of the row limit

// Reports for people.
inline constexpr std::uint64_t report_rows_default =
    10'000;  ///< Errc::query_too_large; default of the row limit of a query
inline constexpr std::size_t report_chart_rows_max = 1000;  ///< Errc::bad_configuration

// Time.
inline constexpr std::uint64_t pin_lease_ms_default = 10'000;  ///< Errc::snapshot_expired
inline constexpr std::uint64_t pin_lease_ms_max = 3'600'000;   ///< longer leases are shortened

}  // namespace ringside::limits
