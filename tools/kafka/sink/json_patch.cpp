#include "tools/kafka/sink/json_patch.hpp"

#include <optional>

#include "shm/document/json.hpp"
#include "shm/document/pointer.hpp"

namespace ringside::kafka {

namespace {

/// Returns the container that holds the value of a pointer.
Value container_of(const Value& document, const JsonPointer& pointer) {
    Value at = document;
    for (std::size_t i = 0; i + 1 < pointer.tokens().size(); ++i) {
        const std::string& token = pointer.tokens()[i];
        if (at.is_array()) {
            const auto index = JsonPointer::array_index(token, at.size());
            at = index ? at[*index] : Value();
        } else {
            at = at[std::string_view(token)];
        }
    }
    return at;
}

void append(std::string_view operation, std::string_view path, const Value* value,
            std::string& out) {
    out += R"([{"op":")";
    out += operation;
    out += R"(","path":)";
    append_json_string(path, out);
    if (value != nullptr) {
        out += R"(,"value":)";
        append_json(*value, out);
    }
    out += "}]";
}

}  // namespace

bool append_json_patch(const Value& document, std::string_view path, std::string& out) {
    const auto pointer = JsonPointer::parse(path);
    if (!pointer || pointer->empty()) return false;
    const std::string& last = pointer->tokens().back();
    const Value container = container_of(document, *pointer);
    if (container.is_object()) {
        const Value value = container[std::string_view(last)];
        append(value.exists() ? "add" : "remove", path, value.exists() ? &value : nullptr, out);
        return true;
    }
    if (!container.is_array() || container.size() == 0) return false;
    if (last == "-") {
        const Value value = container[container.size() - 1];
        append("add", path, &value, out);
        return true;
    }
    const auto index = JsonPointer::array_index(last, container.size());
    // The last element may have existed, or may have been appended.
    if (!index || *index + 1 >= container.size()) return false;
    const Value value = container[*index];
    append("replace", path, &value, out);
    return true;
}

}  // namespace ringside::kafka
