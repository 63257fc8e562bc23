#include "tools/gateway/deepstream/record_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "shm/base/limits.hpp"
#include "shm/document/json.hpp"
#include "shm/document/patch.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::array<std::string_view, 3> forbidden = {"__proto__", "constructor", "prototype"};

/// Characters beyond ASCII that JavaScript's `trim` removes.
constexpr std::array<std::string_view, 19> wide_blanks = {
    "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
    "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
    "\u2029", "\u202F", "\u205F", "\u3000", "\uFEFF"};

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    for (std::size_t size = text.size() + 1; text.size() < size;) {
        size = text.size();
        text.remove_prefix(std::min(text.find_first_not_of(blanks), size));
        text = text.substr(0, text.find_last_not_of(blanks) + 1);
        for (const std::string_view blank : wide_blanks) {
            if (text.starts_with(blank)) text.remove_prefix(blank.size());
            if (text.ends_with(blank)) text.remove_suffix(blank.size());
        }
    }
    return text;
}

/// Adds a part: a name, and the indexes in brackets that follow it.
bool add_part(std::string_view part, std::vector<PathToken>& tokens) {
    const std::size_t bracket = part.find_first_of("[]");
    const std::string_view name = part.substr(0, bracket);
    if (std::find(forbidden.begin(), forbidden.end(), name) != forbidden.end()) return false;
    tokens.push_back({std::string(name), false});
    while (bracket != std::string_view::npos && !part.empty()) {
        const std::size_t begin = part.find_first_of("[]");
        if (begin == std::string_view::npos) break;
        part.remove_prefix(begin + 1);
        const std::string_view index = trim(part.substr(0, part.find_first_of("[]")));
        if (index.empty()) continue;
        const auto number = JsonPointer::array_index(index, 0);
        if (!number || index == "-" || *number > path_index_max) return false;
        tokens.push_back({std::string(index), true});
    }
    return tokens.size() <= limits::depth_max;
}

void append_token(std::string_view token, std::string& pointer) {
    pointer += '/';
    for (const char byte : token) {
        if (byte == '~') pointer += "~0";
        else if (byte == '/') pointer += "~1";
        else pointer += byte;
    }
}

/// Returns the array index of a token, or none if the token is not an index.
std::optional<std::size_t> index_of(const PathToken& token) noexcept {
    if (token.key == "-") return std::nullopt;
    return JsonPointer::array_index(token.key, 0);
}

Value child_of(const Value& parent, const PathToken& token) noexcept {
    if (parent.is_object()) return parent[token.key];
    const auto index = index_of(token);
    return index ? parent[*index] : Value();
}

/// Wraps a value in the parents that `path` needs from `from` on.
std::string wrap(const std::vector<PathToken>& path, std::size_t from, std::string_view json) {
    std::string made(json);
    for (std::size_t i = path.size(); i-- > from;) {
        if (path[i].is_index) {
            std::string array = "[";
            for (std::size_t at = index_of(path[i]).value_or(0); at > 0; --at) array += "null,";
            array += made;
            made = std::move(array += ']');
        } else {
            std::string object = "{";
            append_json_string(path[i].key, object);
            object += ':';
            object += made;
            made = std::move(object += '}');
        }
    }
    return made;
}

/// Returns the value that a client creates if the parent of an erased member is missing.
std::string empty_parent_of(const PathToken& token) {
    if (!token.is_index) return "{}";
    std::string array = "[";
    for (std::size_t at = index_of(token).value_or(0); at > 0; --at) {
        array += at > 1 ? "null," : "null";
    }
    return array += ']';
}

/// Extends an array with nulls up to `index`, and puts `json` there.
std::string filled_up(const Value& array, std::size_t index, std::string_view json) {
    std::string out = "[";
    for (const Value element : array.elements()) {
        append_json(element, out);
        out += ',';
    }
    for (std::size_t at = array.size(); at < index; ++at) out += "null,";
    return (out += json) += ']';
}

}  // namespace

std::string removal_of(std::string_view pointer) {
    std::string patch = R"([{"op":"remove","path":)";
    append_json_string(pointer, patch);
    return patch += "}]";
}

std::optional<std::vector<PathToken>> parse_path(std::string_view path) {
    std::vector<PathToken> tokens;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('.', begin), path.size());
        const std::string_view part = trim(path.substr(begin, end - begin));
        if (!part.empty() && !add_part(part, tokens)) return std::nullopt;
        begin = end + 1;
    }
    std::size_t filled = 0;
    for (const PathToken& token : tokens) {
        if (token.is_index) filled += JsonPointer::array_index(token.key, 0).value_or(0);
    }
    if (tokens.empty() || filled > path_index_max) return std::nullopt;
    return tokens;
}

std::optional<std::string> path_of(const JsonPointer& pointer, const Value& document) {
    std::string path;
    Value node = document;
    for (const std::string& token : pointer.tokens()) {
        if (node.is_array()) {
            const auto index = JsonPointer::array_index(token, node.size());
            if (!index || token == "-" || path.empty()) return std::nullopt;
            path += '[' + token + ']';
            node = node[*index];
            continue;
        }
        const bool is_name =
            !token.empty() && token.find_first_of(".[]") == std::string::npos &&
            trim(token).size() == token.size() &&
            std::find(forbidden.begin(), forbidden.end(), token) == forbidden.end();
        if (!is_name) return std::nullopt;
        if (!path.empty()) path += '.';
        path += token;
        node = node[token];
    }
    return path;
}

RecordChange set_path(const Value& document, const std::vector<PathToken>& path,
                      std::string_view json) {
    using Kind = RecordChange::Kind;
    std::string pointer;
    Value node = document;
    for (std::size_t i = 0;; ++i) {
        const bool is_last = i + 1 == path.size();
        const std::string parent = pointer;
        append_token(path[i].key, pointer);
        const Value child = child_of(node, path[i]);
        if (!is_last && child.is_container()) {
            node = child;
            continue;
        }
        std::string value = is_last ? std::string(json) : wrap(path, i + 1, json);
        if (node.is_object()) return {Kind::set, pointer, std::move(value), !is_last};
        const auto index = index_of(path[i]);
        // JSON has no place for a name in an array.
        if (!index || *index > path_index_max) return {};
        if (*index < node.size()) return {Kind::set, pointer, std::move(value), !is_last};
        return {Kind::set, parent, filled_up(node, *index, value), true};
    }
}

RecordChange erase_path(const Value& document, const std::vector<PathToken>& path) {
    std::string pointer;
    Value node = document;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        append_token(path[i].key, pointer);
        node = child_of(node, path[i]);
        if (node.is_container()) continue;
        RecordChange change =
            set_path(document, {path.begin(), path.end() - 1}, empty_parent_of(path.back()));
        change.is_bound = true;
        return change;
    }
    append_token(path.back().key, pointer);
    if (!child_of(node, path.back()).exists()) return {};
    if (node.is_object()) return {RecordChange::Kind::take_away, pointer};
    return {RecordChange::Kind::set, pointer, "null", true};
}

Result<std::string> changed_text(const Value& document, const RecordChange& change) {
    if (change.kind == RecordChange::Kind::whole) return change.json;
    if (change.kind == RecordChange::Kind::nothing) return to_json(document);
    DocumentBuilder out;
    Result<ByteView> changed = ByteView();
    if (change.kind == RecordChange::Kind::set) {
        const auto pointer = JsonPointer::parse(change.pointer);
        if (!pointer) return pointer.error();
        const auto value = document_from_json(change.json);
        if (!value) return value.error();
        changed = apply_set(out, document, *pointer, Value::of(*value));
    } else {
        const auto patch = document_from_json(removal_of(change.pointer));
        if (!patch) return patch.error();
        changed = apply_json_patch(out, document, Value::of(*patch));
    }
    if (!changed) return changed.error();
    return to_json(Value::of(*changed));
}

Result<RecordChange> apply_patches(const Value& document, std::string_view list) {
    const auto patches = document_from_json(list, envelope_limits);
    if (!patches) return patches.error();
    const Value all = Value::of(*patches);
    if (!all.is_array()) return Error(Errc::bad_request, "patches must be a list");
    std::size_t written = 0;
    auto current = document_from_json(to_json(document), written_limits);
    for (const Value patch : all.elements()) {
        const auto path = parse_path(patch["path"].as_string().value_or(std::string_view()));
        if (!path) return Error(Errc::bad_request, "path is not a string");
        if (!current) break;
        const Value data = patch["data"];
        const Value now = Value::of(*current);
        const auto text = changed_text(
            now, data.exists() ? set_path(now, *path, to_json(data)) : erase_path(now, *path));
        if (!text) return text.error();
        if ((written += text->size()) > patches_bytes_max) {
            return Error(Errc::document_too_large,
                         "number of patches times record size exceeds the limit");
        }
        current = document_from_json(*text);
    }
    if (!current) return current.error();
    return RecordChange{RecordChange::Kind::whole, {}, to_json(Value::of(*current)), true};
}

}  // namespace ringside::gateway::deepstream
