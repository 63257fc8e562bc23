#include "tests/fuzz/support/plain_patch.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace ringside::fuzz {

namespace {

using Tokens = std::span<const std::string>;

/// Returns the array index of a token; "-" is the end of the array.
std::optional<std::size_t> index_of(const std::string& token, std::size_t size) {
    if (token == "-") return size;
    if (token.empty() || token.size() > 9 || (token.size() > 1 && token[0] == '0')) return {};
    if (token.find_first_not_of("0123456789") != std::string::npos) return {};
    return std::stoul(token);
}

Json* child_of(Json& parent, const std::string& token) {
    if (parent.type == ValueType::object) {
        const auto place = parent.object.find(token);
        return place == parent.object.end() ? nullptr : &place->second;
    }
    if (parent.type != ValueType::array) return nullptr;
    const auto index = index_of(token, parent.array.size());
    return index && *index < parent.array.size() ? &parent.array[*index] : nullptr;
}

Json* follow(Json& tree, Tokens path) {
    Json* at = &tree;
    for (const std::string& token : path) {
        if (at != nullptr) at = child_of(*at, token);
    }
    return at;
}

Tokens parent_of(Tokens path) { return path.first(path.size() - 1); }

bool set(Json& tree, const JsonPointer& path, Json value) {
    if (path.empty()) return tree = std::move(value), true;
    Json* parent = follow(tree, parent_of(path.tokens()));
    if (parent == nullptr) return false;
    const std::string& last = path.tokens().back();
    if (parent->type == ValueType::object) {
        parent->object.insert_or_assign(last, std::move(value));
        return true;
    }
    if (parent->type != ValueType::array) return false;
    const auto index = index_of(last, parent->array.size());
    if (!index || *index > parent->array.size()) return false;
    if (*index == parent->array.size()) parent->array.emplace_back();
    parent->array[*index] = std::move(value);
    return true;
}

bool add(Json& tree, const JsonPointer& path, Json value) {
    Json* parent = path.empty() ? nullptr : follow(tree, parent_of(path.tokens()));
    if (parent == nullptr || parent->type != ValueType::array)
        return set(tree, path, std::move(value));
    const auto index = index_of(path.tokens().back(), parent->array.size());
    if (!index || *index > parent->array.size()) return false;
    parent->array.insert(parent->array.begin() + static_cast<std::ptrdiff_t>(*index),
                         std::move(value));
    return true;
}

/// REQUIRES: the path is not empty, and leads somewhere.
void remove(Json& tree, const JsonPointer& path) {
    Json& parent = *follow(tree, parent_of(path.tokens()));
    const std::string& last = path.tokens().back();
    if (parent.type == ValueType::object) {
        parent.object.erase(last);
    } else {
        const auto index = static_cast<std::ptrdiff_t>(*index_of(last, parent.array.size()));
        parent.array.erase(parent.array.begin() + index);
    }
}

std::optional<JsonPointer> pointer_in(const Json& operation, const char* member) {
    const auto place = operation.object.find(member);
    if (place == operation.object.end() || place->second.type != ValueType::string) return {};
    auto parsed = JsonPointer::parse(place->second.string);
    return parsed ? std::optional<JsonPointer>(std::move(*parsed)) : std::nullopt;
}

Errc outcome(bool was_found) { return was_found ? Errc::ok : Errc::path_not_found; }

Errc move_or_copy(Json& tree, const JsonPointer& from, const JsonPointer& path, bool is_move) {
    if (is_move && from.is_prefix_of(path) && !(from == path)) return Errc::bad_patch;
    const Json* found = find(tree, from);
    if (found == nullptr) return Errc::path_not_found;
    if (is_move && from == path) return Errc::ok;
    Json value = *found;
    if (is_move && from.empty()) return Errc::bad_patch;
    if (is_move) remove(tree, from);
    return outcome(add(tree, path, std::move(value)));
}

Errc apply(Json& tree, const Json& operation) {
    const auto op = operation.object.find("op");
    if (op == operation.object.end() || op->second.type != ValueType::string)
        return Errc::bad_patch;
    const std::string& name = op->second.string;
    const auto path = pointer_in(operation, "path");
    if (!path) return Errc::bad_patch;
    Json* there = follow(tree, path->tokens());
    if (name == "add" || name == "replace" || name == "test") {
        const auto value = operation.object.find("value");
        if (value == operation.object.end()) return Errc::bad_patch;
        if (name == "add") return outcome(add(tree, *path, value->second));
        if (there == nullptr) return Errc::path_not_found;
        if (name == "test") {
            return is_equal(*there, value->second) ? Errc::ok : Errc::test_failed;
        }
        *there = value->second;
        return Errc::ok;
    }
    if (name == "remove") {
        if (path->empty()) return Errc::bad_patch;
        if (there != nullptr) remove(tree, *path);
        return outcome(there != nullptr);
    }
    if (name != "move" && name != "copy") return Errc::bad_patch;
    const auto from = pointer_in(operation, "from");
    return from ? move_or_copy(tree, *from, *path, name == "move") : Errc::bad_patch;
}

}  // namespace

bool is_equal(const Json& a, const Json& b) {
    const auto is_number = [](const Json& json) {
        return json.type == ValueType::integer || json.type == ValueType::unsigned_integer ||
               json.type == ValueType::real;
    };
    if (is_number(a) && is_number(b)) {
        // Its 64 bits of mantissa hold each of the three exactly.
        static_assert(std::numeric_limits<long double>::digits >= 64);
        const auto exact = [](const Json& json) -> long double {
            if (json.type == ValueType::integer) return json.integer;
            if (json.type == ValueType::unsigned_integer) return json.unsigned_integer;
            return json.real;
        };
        return exact(a) == exact(b);
    }
    if (a.type != b.type) return false;
    if (a.type == ValueType::array) {
        return std::equal(a.array.begin(), a.array.end(), b.array.begin(), b.array.end(), is_equal);
    }
    if (a.type == ValueType::object) {
        return std::equal(a.object.begin(), a.object.end(), b.object.begin(), b.object.end(),
                          [](const auto& left, const auto& right) {
                              return left.first == right.first &&
                                     is_equal(left.second, right.second);
                          });
    }
    return a == b;
}

const Json* find(const Json& tree, const JsonPointer& path) {
    return follow(const_cast<Json&>(tree), path.tokens());
}

Patched with_set(const Json& tree, const JsonPointer& path, const Json& value) {
    Patched out{Errc::ok, tree};
    out.code = outcome(set(out.value, path, value));
    return out;
}

Json merged(Json target, const Json& patch) {
    if (patch.type != ValueType::object) return patch;
    if (target.type != ValueType::object) {
        target = Json();
        target.type = ValueType::object;
    }
    for (const auto& [key, value] : patch.object) {
        if (value.type == ValueType::null) target.object.erase(key);
        else target.object[key] = merged(target.object[key], value);
    }
    return target;
}

std::optional<Patched> patched(const Json& tree, const Json& patch) {
    constexpr std::size_t values_max = 2000;
    Patched out{Errc::bad_patch, tree};
    if (patch.type != ValueType::array) return out;
    out.code = Errc::ok;
    for (const Json& operation : patch.array) {
        out.code = apply(out.value, operation);
        if (out.code != Errc::ok) return out;
        if (out.value.count() > values_max) return std::nullopt;
    }
    return out;
}

}  // namespace ringside::fuzz
