#include "tools/kafka/mapping/field_path.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shm/document/pointer.hpp"
#include "tools/kafka/mapping/mapping_limits.hpp"
#include "tools/support/text_template.hpp"

namespace ringside::kafka {

namespace {

constexpr std::array<std::pair<std::string_view, FieldRoot>, 4> plain_roots = {
    {{"topic", FieldRoot::topic},
     {"partition", FieldRoot::partition},
     {"offset", FieldRoot::offset},
     {"timestamp", FieldRoot::timestamp}}};

Error bad_path(std::string_view text, std::string_view what) {
    return {Errc::bad_configuration, "'" + std::string(text) + "' " + std::string(what)};
}

Result<FieldPath> with_members(FieldPath path, std::string_view members) {
    auto parsed = parse_member_path(members);
    if (!parsed) return parsed.error();
    path.members = std::move(*parsed);
    return path;
}

}  // namespace

Result<MemberPath> parse_member_path(std::string_view text) {
    if (text.size() > mapping_limits::path_bytes_max) {
        return bad_path(text.substr(0, mapping_limits::shown_bytes_max),
                        "starts a path that is too long");
    }
    MemberPath members;
    if (text.starts_with('/')) {
        const auto pointer = JsonPointer::parse(text);
        if (!pointer) return bad_path(text, "is not a JSON Pointer");
        members = pointer->tokens();
    } else {
        auto split = tools::split_dotted_path(text);
        if (!split) return bad_path(text, "is not a path because a member is empty");
        members = std::move(*split);
    }
    for (const std::string& member : members) {
        if (member.find('\0') != std::string::npos) return bad_path(text, "contains U+0000");
    }
    if (members.size() > mapping_limits::path_members_max) {
        return bad_path(
            text, "has more than " + std::to_string(mapping_limits::path_members_max) + " members");
    }
    return members;
}

Result<FieldPath> FieldPath::parse(std::string_view text) {
    FieldPath path;
    path.text = text;
    if (text.starts_with('/')) return with_members(std::move(path), text);
    const std::size_t dot = text.find('.');
    const bool is_alone = dot == std::string_view::npos;
    const std::string_view first = text.substr(0, dot);
    const std::string_view rest = is_alone ? std::string_view() : text.substr(dot + 1);
    if (first == "value") {
        if (is_alone) return path;
        return with_members(std::move(path), rest);
    }
    if (first == "key") {
        path.root = is_alone ? FieldRoot::key : FieldRoot::key_json;
        if (is_alone) return path;
        return with_members(std::move(path), rest);
    }
    if (first == "header") {
        if (rest.empty()) return bad_path(text, "names no header; write header.NAME");
        path.root = FieldRoot::header;
        path.header = rest;
        return path;
    }
    const auto* const plain = std::find_if(plain_roots.begin(), plain_roots.end(),
                                           [&](const auto& known) { return known.first == first; });
    if (plain == plain_roots.end()) return with_members(std::move(path), text);
    if (!is_alone) {
        return bad_path(text, "is not a field because '" + std::string(first) +
                                  "' has no members; write value." + std::string(text) +
                                  " for a member of the value");
    }
    path.root = plain->second;
    return path;
}

}  // namespace ringside::kafka
