#include "tools/gateway/deepstream/http_api/jif.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "shm/document/json.hpp"

namespace ringside::gateway::deepstream {

namespace {

enum class FieldType : std::uint8_t { any, name, text, names, document, version };

struct Field {
    std::string_view key{};  ///< empty if there is none
    FieldType type = FieldType::any;
    bool is_required = true;
};

/// The members that a message may have in addition to topic and action.
struct Shape {
    std::string_view topic;
    std::string_view action;
    Jif::Kind kind;
    std::array<Field, 4> fields;
};

constexpr Field record_name{"recordName", FieldType::name};
constexpr Field list_name{"listName", FieldType::name};
constexpr Field any_data{"data", FieldType::any};
constexpr Field optional_data{"data", FieldType::any, false};
constexpr Field document{"data", FieldType::document};
constexpr Field path{"path", FieldType::text, false};
constexpr Field version{"version", FieldType::version, false};

using Kind = Jif::Kind;
constexpr Shape write_at_path{
    "record", "write", Kind::write, {record_name, any_data, path, version}};
constexpr std::array shapes = {
    Shape{"event", "emit", Kind::emit, {Field{"eventName", FieldType::name}, optional_data}},
    Shape{"rpc", "make", Kind::call, {Field{"rpcName", FieldType::name}, optional_data}},
    Shape{"record", "read", Kind::read, {record_name}},
    Shape{"record", "head", Kind::head, {record_name}},
    Shape{"record", "delete", Kind::remove, {record_name}},
    Shape{"record", "write", Kind::write, {record_name, document, path, version}},
    Shape{"record", "notify", Kind::notify, {Field{"recordNames", FieldType::names}}},
    Shape{"list", "read", Kind::read, {list_name}},
    Shape{"list", "delete", Kind::remove, {list_name}},
    Shape{"list", "write", Kind::write, {list_name, Field{"data", FieldType::names}, version}},
    Shape{"presence", "query", Kind::query, {Field{"names", FieldType::names, false}}},
};

Error bad_message(std::string reason = {}) { return {Errc::bad_request, std::move(reason)}; }

Error wrong_type(std::string_view property, std::string_view types) {
    return bad_message(fmt::format("property '{}' should be {}", property, types));
}

/// Formats a value as JavaScript does in a text: a string as it stands, anything else as JSON.
std::string shown(const Value& value) {
    if (!value.exists()) return "undefined";
    const auto text = value.as_string();
    return text ? std::string(*text) : to_json(value);
}

Result<void> require(const Value& message, std::string_view key) {
    if (message[key].exists()) return {};
    return bad_message(
        fmt::format("property '{}' is required for topic '{}'", key, shown(message["topic"])));
}

/// Returns null if the topic does not exist or does not have the action.
const Shape* shape_of(const Value& message) {
    const auto topic = message["topic"].as_string();
    const auto action = message["action"].as_string();
    const auto* const at = std::find_if(shapes.begin(), shapes.end(), [&](const Shape& shape) {
        return topic == shape.topic && action == shape.action;
    });
    if (at == shapes.end()) return nullptr;
    // An empty path means no path.
    const bool has_path = message["path"].exists() && message["path"].as_string() != "";
    const bool is_at_path = has_path && at->topic == "record" && at->kind == Kind::write;
    return is_at_path ? &write_at_path : &*at;
}

Result<void> check_names(const Value& message, const Shape& shape) {
    for (const Field& field : shape.fields) {
        if (field.key.empty() || !field.is_required) continue;
        if (auto found = require(message, field.key); !found) return found;
    }
    for (const auto& [key, value] : message.members()) {
        const bool is_known =
            key == "topic" || key == "action" ||
            std::any_of(shape.fields.begin(), shape.fields.end(),
                        [name = key](const Field& field) { return field.key == name; });
        if (!is_known) return bad_message();
    }
    return {};
}

Result<void> take_name(const Field& field, const Value& value, Jif& jif) {
    const std::string property = fmt::format(".{}", field.key);
    const auto text = value.as_string();
    if (!text) return wrong_type(property, "string");
    if (text->empty()) {
        return bad_message(
            fmt::format("property '{}' should NOT be shorter than 1 characters", property));
    }
    jif.name = *text;
    return {};
}

Result<void> take_names(const Field& field, const Value& value, Jif& jif) {
    if (!value.is_array()) return wrong_type(fmt::format(".{}", field.key), "array");
    std::vector<std::string> names;
    for (const Value element : value.elements()) {
        const auto name = element.as_string();
        if (!name) return wrong_type(fmt::format(".{}[{}]", field.key, names.size()), "string");
        names.emplace_back(*name);
    }
    // The document of a list consists of its entries.
    if (jif.kind == Kind::write) jif.data = to_json(value);
    else jif.names = std::move(names);
    return {};
}

Result<void> take_version(const Value& value, Jif& jif) {
    const auto number = value.as_double();
    if (!number || std::trunc(*number) != *number) return wrong_type(".version", "integer");
    if (*number < any_version) return bad_message();
    // 0 means no version, and a version above the maximum cannot occur.
    constexpr double most = std::numeric_limits<std::int32_t>::max();
    if (*number != 0) jif.version = static_cast<std::int32_t>(std::min(*number, most));
    return {};
}

Result<void> take(const Field& field, const Value& value, Jif& jif) {
    switch (field.type) {
        case FieldType::name: return take_name(field, value, jif);
        case FieldType::names: return take_names(field, value, jif);
        case FieldType::version: return take_version(value, jif);
        case FieldType::text:
            if (!value.is_string()) return wrong_type(fmt::format(".{}", field.key), "string");
            jif.path = *value.as_string();
            return {};
        case FieldType::document:
            if (!value.is_container()) {
                return wrong_type(fmt::format(".{}", field.key), "object,array");
            }
            break;
        case FieldType::any: break;
    }
    jif.data = to_json(value);
    return {};
}

}  // namespace

Result<Jif> Jif::parse(const Value& message) {
    if (!message.is_object()) return wrong_type("", "object");
    for (const std::string_view key : {"topic", "action"}) {
        if (auto found = require(message, key); !found) return found.error();
    }
    const Shape* const shape = shape_of(message);
    if (shape == nullptr) return bad_message();
    if (auto checked = check_names(message, *shape); !checked) return checked.error();
    Jif jif;
    jif.kind = shape->kind;
    for (const Field& field : shape->fields) {
        const Value value = field.key.empty() ? Value() : message[field.key];
        if (!value.exists()) continue;
        if (auto taken = take(field, value, jif); !taken) return taken.error();
    }
    return jif;
}

}  // namespace ringside::gateway::deepstream
