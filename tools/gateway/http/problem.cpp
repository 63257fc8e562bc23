#include "tools/gateway/http/problem.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/beast/http/status.hpp>

#include "shm/document/json.hpp"

namespace ringside::gateway {

namespace {

unsigned status_of(Errc code, bool is_patch) noexcept {
    switch (code) {
        case Errc::not_found: return 404;
        case Errc::path_not_found: return is_patch ? 409 : 404;
        case Errc::condition_failed: return 412;
        case Errc::test_failed: return 409;
        case Errc::compacted: return 410;
        case Errc::snapshot_expired:
        case Errc::would_block:
        case Errc::no_provider:
        case Errc::grid_full:
        case Errc::records_limit:
        case Errc::session_limit:
        case Errc::lane_limit:
        case Errc::session_memory_limit:
        case Errc::user_memory_limit:
        case Errc::broker_memory_limit:
        case Errc::read_only:
        case Errc::not_durable:
        case Errc::not_applied:
        case Errc::no_such_grid:
        case Errc::no_broker:
        case Errc::connection_lost: return 503;
        case Errc::provider_lost: return 502;
        case Errc::timed_out:
        case Errc::query_interrupted:
        case Errc::query_timed_out: return 504;
        case Errc::permission_denied:
        case Errc::reserved_name: return 403;
        case Errc::document_too_large:
        case Errc::transaction_too_large:
        case Errc::patch_too_costly:
        case Errc::query_too_large: return 413;
        case Errc::future_revision:
        case Errc::bad_name:
        case Errc::name_too_long:
        case Errc::bad_pattern:
        case Errc::bad_pointer:
        case Errc::bad_json:
        case Errc::bad_utf8:
        case Errc::duplicate_key:
        case Errc::number_out_of_range:
        case Errc::too_deep:
        case Errc::bad_document:
        case Errc::bad_patch:
        case Errc::key_too_long:
        case Errc::bad_request:
        case Errc::bad_configuration:
        case Errc::bad_ttl:
        case Errc::bad_timeout:
        case Errc::bad_query:
        case Errc::memory_only: return 400;
        default: return 500;
    }
}

/// Details quote text from clients, which need not be UTF-8.
std::string printable(std::string_view text) {
    std::string out(text);
    if (simdjson::validate_utf8(out)) return out;
    for (char& c : out) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return out;
}

}  // namespace

Problem Problem::of(const Error& error, bool is_patch) {
    Problem problem{status_of(error.code, is_patch), std::string(name(error.code)),
                    error.explanation()};
    if (problem.status == 503) problem.retry_after = std::chrono::seconds(1);
    return problem;
}

std::string Problem::to_json() const {
    std::string out = R"({"type":)";
    append_json_string("urn:ringside:error:" + code, out);
    out += R"(,"title":)";
    append_json_string(reason_of(status), out);
    out += fmt::format(R"(,"status":{},"code":)", status);
    append_json_string(code, out);
    if (!detail.empty()) {
        out += R"(,"detail":)";
        append_json_string(printable(detail), out);
    }
    if (!member.empty()) (out += ',') += member;
    return out += '}';
}

std::string_view reason_of(unsigned status) noexcept {
    const auto reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    return {reason.data(), reason.size()};
}

}  // namespace ringside::gateway
