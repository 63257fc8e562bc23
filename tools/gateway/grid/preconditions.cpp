#include "tools/gateway/grid/preconditions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/gateway/http/field_syntax.hpp"
#include "tools/gateway/http/gzip.hpp"

namespace ringside::gateway {

namespace {

/// Tags of the previous release.
bool is_version_tag(const EntityTag& tag) noexcept {
    return !tag.text.empty() && std::all_of(tag.text.begin(), tag.text.end(), is_digit);
}

}  // namespace

Outcome<Preconditions> Preconditions::parse(const Request& request) {
    auto conditions = Conditions::parse(request);
    if (!conditions) return conditions.error();
    Preconditions parsed;
    parsed.conditions_ = *std::move(conditions);
    parsed.is_read_ = request.is_read();
    // A write applies to the record, whichever content coding its client has read.
    parsed.takes_gzip_ = !parsed.is_read_ || accepts_gzip(request);
    if (parsed.is_read_ && parsed.conditions_.none_match) {
        std::erase_if(parsed.conditions_.none_match->tags, is_version_tag);
    }
    return parsed;
}

Preconditions::Verdict Preconditions::evaluate(const std::optional<RecordState>& record) const {
    if (!record)
        return conditions_.evaluate({.has_tag = {}, .modified = {}, .exists = false}, is_read_);
    const std::string current = entity_tag(record->revision, record->updated_ns);
    const std::string version = std::to_string(record->version);
    const auto has_tag = [&](const EntityTag& tag) {
        return is_current(tag, current, takes_gzip_) || tag.text == version;
    };
    return conditions_.evaluate(
        {.has_tag = has_tag, .modified = record->updated_s(), .exists = true}, is_read_);
}

std::string Preconditions::known_tag(const RecordState& record) const {
    return gateway::known_tag(conditions_, entity_tag(record.revision, record.updated_ns),
                              takes_gzip_);
}

std::string entity_tag(Revision revision, std::uint64_t updated_ns) {
    return fmt::format("{}-{:x}", revision, updated_ns);
}

}  // namespace ringside::gateway
