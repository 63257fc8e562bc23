#include "tools/ringside/context.hpp"

#include <csignal>
#include <iostream>

#include "shm/base/printable.hpp"
#include "tools/support/duration.hpp"
#include "tools/support/files.hpp"

namespace ringside::tools {

namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

Client Context::attach() const {
    return Client::attach({.grid = grid, .program = "ringside", .timeout = std::chrono::seconds(5)})
        .value();
}

ExitStatus status_of(Errc code) noexcept {
    switch (code) {
        case Errc::ok: return ExitStatus::done;
        case Errc::not_found:
        case Errc::condition_failed:
        case Errc::path_not_found:
        case Errc::test_failed:
        case Errc::compacted:
        case Errc::lagged:
        case Errc::snapshot_expired:
        case Errc::future_revision:
        case Errc::no_provider:
        case Errc::provider_lost:
        case Errc::timed_out: return ExitStatus::not_so;
        case Errc::bad_name:
        case Errc::name_too_long:
        case Errc::bad_pattern:
        case Errc::bad_pointer:
        case Errc::bad_json:
        case Errc::bad_utf8:
        case Errc::duplicate_key:
        case Errc::number_out_of_range:
        case Errc::too_deep:
        case Errc::document_too_large:
        case Errc::bad_document:
        case Errc::bad_patch:
        case Errc::key_too_long:
        case Errc::transaction_too_large:
        case Errc::patch_too_costly:
        case Errc::bad_request:
        case Errc::bad_grid_name:
        case Errc::bad_configuration:
        case Errc::bad_user:
        case Errc::bad_timeout:
        case Errc::reserved_name:
        case Errc::bad_query:
        case Errc::live_query_too_large:
        case Errc::bad_usage:
        case Errc::bad_input:
        case Errc::file_unreadable:
        case Errc::bad_ttl: return ExitStatus::usage;
        case Errc::no_such_grid:
        case Errc::no_broker:
        case Errc::connection_lost:
        case Errc::layout_mismatch:
        case Errc::foreign_grid:
        case Errc::bad_segment: return ExitStatus::no_grid;
        case Errc::grid_full:
        case Errc::permission_denied:
        case Errc::would_block:
        case Errc::session_limit:
        case Errc::lane_limit:
        case Errc::records_limit:
        case Errc::index_limit:
        case Errc::read_only:
        case Errc::not_durable:
        case Errc::memory_only:
        case Errc::not_applied:
        case Errc::query_timed_out:
        case Errc::query_too_large:
        case Errc::query_interrupted:
        case Errc::session_memory_limit:
        case Errc::user_memory_limit:
        case Errc::broker_memory_limit:
        case Errc::bad_frame:
        case Errc::store_in_use:
        case Errc::store_mismatch:
        case Errc::store_format:
        case Errc::store_damaged:
        case Errc::store_failed:
        case Errc::grid_in_use:
        case Errc::session_closed:
        case Errc::system_error:
        case Errc::output_failed: return ExitStatus::refused;
    }
    return ExitStatus::refused;
}

void complain(const Error& error) { std::cerr << "ringside: " << printable(error.text()) << '\n'; }

std::string argument_or_input(const std::string& text) {
    return text == "-" ? read_file(text) : text;
}

std::string read_file(const std::string& path) { return read_whole_file(path).value(); }

std::chrono::milliseconds parse_duration(std::string_view option, std::string_view text,
                                         Errc otherwise) {
    const auto time = read_duration(text, otherwise);
    if (time) return *time;
    throw Exception(Error(otherwise, std::string(option) + ": " + time.error().detail));
}

namespace {

void append_key(std::string& out, std::string_view key) {
    if (!out.empty() && out.back() != '{') out += ',';
    out += '"';
    out += key;
    out += "\":";
}

}  // namespace

void append_member(std::string& out, std::string_view key, std::string_view text) {
    append_key(out, key);
    DocumentBuilder builder;
    builder.string(text);
    append_json(Value::of(builder.finish().value()), out);
}

void append_member(std::string& out, std::string_view key, std::uint64_t number) {
    append_key(out, key);
    out += std::to_string(number);
}

void append_member(std::string& out, std::string_view key, const Value& value) {
    append_key(out, key);
    append_json(value, out);
}

void catch_interrupts() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() noexcept { return interrupted != 0; }

}  // namespace ringside::tools
