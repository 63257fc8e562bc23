#include "tools/gateway/grid/preconditions.hpp"

#include <algorithm>
#include <charconv>

namespace ringside::gateway {

namespace {

/// Takes blanks and commas from the front, as lists of HTTP have them.
void skip_separators(std::string_view& text) {
    const std::size_t at = text.find_first_not_of(" \t,");
    text.remove_prefix(std::min(at, text.size()));
}

}  // namespace

bool Preconditions::Tags::has(std::optional<Version> version) const noexcept {
    if (!version) return false;
    return is_any || std::find(versions.begin(), versions.end(), *version) != versions.end();
}

Outcome<Preconditions> Preconditions::parse(std::string_view match, std::string_view none_match) {
    Preconditions made;
    // If-Match compares strongly (RFC 9110, 13.1.1): a weak tag matches nothing.
    auto wanted = parse_tags(match, false);
    if (!wanted) return wanted.error();
    auto unwanted = parse_tags(none_match, true);
    if (!unwanted) return unwanted.error();
    made.match_ = *std::move(wanted);
    made.none_match_ = *std::move(unwanted);
    return made;
}

Outcome<std::optional<Preconditions::Tags>> Preconditions::parse_tags(std::string_view header,
                                                                      bool takes_weak) {
    if (header.empty()) return std::optional<Tags>();
    const auto bad = [] {
        return Problem{400, "bad_condition",
                       R"(a condition is * or a list of entity tags: "7", "8")"};
    };
    Tags tags;
    if (header == "*") {
        tags.is_any = true;
        return std::optional(std::move(tags));
    }
    for (skip_separators(header); !header.empty(); skip_separators(header)) {
        const bool is_weak = header.starts_with("W/");
        if (is_weak) header.remove_prefix(2);
        const std::size_t end = header.find('"', 1);
        if (header.empty() || header.front() != '"' || end == std::string_view::npos) return bad();
        const std::string_view tag = header.substr(1, end - 1);
        header.remove_prefix(end + 1);
        Version version = 0;
        const auto [rest, failed] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
        // Another tag is of something else: it matches no version.
        const bool is_version = failed == std::errc() && rest == tag.data() + tag.size();
        if (is_version && (!is_weak || takes_weak)) tags.versions.push_back(version);
    }
    return std::optional(std::move(tags));
}

std::string entity_tag(Version version) { return '"' + std::to_string(version) + '"'; }

}  // namespace ringside::gateway
