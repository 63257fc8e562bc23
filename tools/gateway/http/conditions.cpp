#include "tools/gateway/http/conditions.hpp"

#include <algorithm>

#include "tools/gateway/http/field_syntax.hpp"
#include "tools/gateway/http/http_date.hpp"

namespace ringside::gateway {

namespace {

Problem bad_tags() {
    return {400, "bad_condition",
            R"(invalid condition; use * or a list of entity tags: "1234-18a5c", "1240-18a60")"};
}

bool is_tag_char(char c) noexcept { return !is_control(c) && !is_blank(c) && c != '"'; }

/// Removes an entity tag from the front. Returns nothing if the text does not begin with one.
std::optional<EntityTag> take_tag(std::string_view& text) {
    EntityTag tag;
    tag.is_weak = text.starts_with("W/");
    if (tag.is_weak) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.text = text.substr(1, end - 1);
    if (!std::all_of(tag.text.begin(), tag.text.end(), is_tag_char)) return std::nullopt;
    text.remove_prefix(end + 1);
    return tag;
}

bool includes(const EntityTags& wanted, const Validators& validators, bool is_strong) {
    if (wanted.is_any) return validators.exists;
    return validators.exists &&
           std::any_of(wanted.tags.begin(), wanted.tags.end(), [&](const EntityTag& tag) {
               return !(is_strong && tag.is_weak) && validators.has_tag(tag);
           });
}

Outcome<std::optional<EntityTags>> tags_of(const Request& request, http::field field) {
    const auto list = request.list(field);
    if (!list) return std::optional<EntityTags>();
    auto tags = EntityTags::parse(*list);
    if (!tags) return tags.error();
    return std::optional(*std::move(tags));
}

std::optional<std::time_t> date_of(const Request& request, http::field field) {
    if (request.message.count(field) != 1) return std::nullopt;
    return parse_http_date(request.header(field));
}

}  // namespace

Outcome<EntityTags> EntityTags::parse(std::string_view list) {
    EntityTags parsed;
    list = trimmed(list);
    if (list == "*") {
        parsed.is_any = true;
        return parsed;
    }
    while (!list.empty()) {
        if (!list.starts_with(',')) {
            auto tag = take_tag(list);
            if (!tag) return bad_tags();
            parsed.tags.push_back(*std::move(tag));
            list = trimmed(list);
            if (!list.empty() && !list.starts_with(',')) return bad_tags();
        }
        if (!list.empty()) list = trimmed(list.substr(1));
    }
    // An empty list must not be mistaken for the absence of a condition.
    if (parsed.tags.empty()) return bad_tags();
    return parsed;
}

Outcome<Conditions> Conditions::parse(const Request& request) {
    Conditions conditions;
    auto match = tags_of(request, http::field::if_match);
    if (!match) return match.error();
    conditions.match = *std::move(match);
    auto none_match = tags_of(request, http::field::if_none_match);
    if (!none_match) return none_match.error();
    conditions.none_match = *std::move(none_match);
    conditions.unmodified_since = date_of(request, http::field::if_unmodified_since);
    if (request.is_read()) {
        conditions.modified_since = date_of(request, http::field::if_modified_since);
    }
    return conditions;
}

Conditions::Verdict Conditions::evaluate(const Validators& validators, bool is_read) const {
    if (match) {
        if (!includes(*match, validators, true)) return Verdict::failed;
    } else if (unmodified_since && validators.modified) {
        if (*validators.modified > *unmodified_since) return Verdict::failed;
    }
    if (none_match) {
        if (includes(*none_match, validators, false)) {
            return is_read ? Verdict::not_modified : Verdict::failed;
        }
    } else if (is_read && modified_since && validators.modified) {
        if (*validators.modified <= *modified_since) return Verdict::not_modified;
    }
    return Verdict::proceed;
}

std::string gzip_tag(std::string_view tag) { return std::string(tag) + "-gzip"; }

bool is_current(const EntityTag& tag, std::string_view current, bool takes_gzip) {
    return tag.text == current || (takes_gzip && tag.text == gzip_tag(current));
}

std::string known_tag(const Conditions& conditions, std::string_view current, bool takes_gzip) {
    std::string in_gzip = gzip_tag(current);
    if (!takes_gzip || !conditions.none_match) return std::string(current);
    const auto& tags = conditions.none_match->tags;
    const bool is_named = std::any_of(tags.begin(), tags.end(),
                                      [&](const EntityTag& tag) { return tag.text == in_gzip; });
    return is_named ? in_gzip : std::string(current);
}

}  // namespace ringside::gateway
