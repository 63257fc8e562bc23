#include "tools/kafka/source/refusal.hpp"

#include "tools/kafka/kafka/kafka_error.hpp"

namespace ringside::kafka {

Verdict verdict_of(Errc code) noexcept {
    switch (code) {
        case Errc::not_found:
        case Errc::path_not_found:
        case Errc::test_failed:
        case Errc::bad_name:
        case Errc::name_too_long:
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
        case Errc::bad_ttl:
        case Errc::reserved_name:
        case Errc::permission_denied: return Verdict::message;
        case Errc::condition_failed:
        case Errc::timed_out:
        case Errc::connection_lost:
        case Errc::session_closed:
        case Errc::not_applied:
        case Errc::not_durable: return Verdict::position;
        default: return Verdict::grid;
    }
}

bool is_too_much(Errc code) noexcept {
    return code == Errc::transaction_too_large || code == Errc::patch_too_costly;
}

std::string reason_of(const Error& why) {
    const bool is_in_doubt = verdict_of(why.code) == Verdict::position;
    return is_in_doubt && !why.detail.empty() ? why.detail : plain(why);
}

}  // namespace ringside::kafka
