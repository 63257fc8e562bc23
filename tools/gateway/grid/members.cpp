#include "tools/gateway/grid/members.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringside::gateway {

namespace {

bool has_key(std::initializer_list<std::string_view> known, std::string_view key) noexcept {
    return std::find(known.begin(), known.end(), key) != known.end();
}

}  // namespace

Problem bad_request(std::string detail) { return {400, "bad_request", std::move(detail)}; }

Outcome<void> check_members(const Value& object, std::initializer_list<std::string_view> known,
                            std::initializer_list<std::string_view> further) {
    if (!object.is_object()) return bad_request("must be an object");
    for (const auto& [key, value] : object.members()) {
        const std::string_view name = key;
        if (has_key(known, name) || has_key(further, name)) continue;
        return bad_request(fmt::format("unknown member '{}'", name));
    }
    return {};
}

Outcome<void> check_write_members(const Value& object, Write::Kind kind,
                                  std::initializer_list<std::string_view> further) {
    switch (kind) {
        case Write::Kind::put:
        case Write::Kind::merge:
            return check_members(
                object,
                {"op", "name", "document", "if_version", "if_revision", "if_absent", "ttl_ms"},
                further);
        case Write::Kind::patch:
            return check_members(object,
                                 {"op", "name", "pointer", "value", "if_version", "if_revision",
                                  "if_absent", "ttl_ms"},
                                 further);
        case Write::Kind::json_patch:
            return check_members(
                object, {"op", "name", "patch", "if_version", "if_revision", "if_absent", "ttl_ms"},
                further);
        case Write::Kind::remove:
            return check_members(object, {"op", "name", "if_version", "if_revision"}, further);
        case Write::Kind::publish: break;
    }
    return check_members(object, {"op", "subject", "document"}, further);
}

Outcome<Condition> condition_from(std::optional<std::uint64_t> version,
                                  std::optional<std::uint64_t> revision, bool is_absent) {
    if (version.has_value() + revision.has_value() + is_absent > 1) {
        return bad_request(
            "more than one condition; use one of if_version, if_revision and if_absent");
    }
    if (is_absent || version == 0U || revision == 0U) return Condition::is_absent();
    if (version) return Condition::version_is(*version);
    if (revision) return Condition::revision_is(*revision);
    return Condition();
}

Outcome<Document> document_member(const Value& object, std::string_view key,
                                  const DocumentLimits& limits) {
    const Value member = object[key];
    if (!member.exists()) return bad_request(fmt::format("'{}' is missing", key));
    auto document = Document::copy(member, limits);
    if (!document) return Problem::of(document.error());
    return *std::move(document);
}

Outcome<std::string> text_member(const Value& object, std::string_view key) {
    const auto text = object[key].as_string();
    if (!text) return bad_request(fmt::format("'{}' must be a string", key));
    return std::string(*text);
}

Outcome<std::optional<std::uint64_t>> number_member(const Value& object, std::string_view key) {
    const Value member = object[key];
    if (!member.exists()) return std::optional<std::uint64_t>();
    const auto number = member.as_uint64();
    if (!number) return bad_request(fmt::format("'{}' must be an integer", key));
    return std::optional(*number);
}

Outcome<bool> flag_member(const Value& object, std::string_view key) {
    const Value member = object[key];
    if (!member.exists()) return false;
    const auto flag = member.as_bool();
    if (!flag) return bad_request(fmt::format("'{}' must be true or false", key));
    return *flag;
}

Outcome<WriteOptions> write_options_of(const Value& object) {
    WriteOptions options;
    const auto version = number_member(object, "if_version");
    if (!version) return version.error();
    const auto revision = number_member(object, "if_revision");
    if (!revision) return revision.error();
    const auto absent = flag_member(object, "if_absent");
    if (!absent) return absent.error();
    const auto condition = condition_from(*version, *revision, *absent);
    if (!condition) return condition.error();
    options.condition = *condition;
    const auto ttl = number_member(object, "ttl_ms");
    if (!ttl) return ttl.error();
    if (*ttl) {
        if (**ttl == 0 || **ttl > limits::ttl_ms_max) return Problem::of(Error(Errc::bad_ttl));
        options.ttl = std::chrono::milliseconds(**ttl);
    }
    const auto durable = flag_member(object, "durable");
    if (!durable) return durable.error();
    if (*durable) options.grade = Grade::durable;
    return options;
}

}  // namespace ringside::gateway
