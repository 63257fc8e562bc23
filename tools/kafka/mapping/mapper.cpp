#include "tools/kafka/mapping/mapper.hpp"

#include <algorithm>
#include <charconv>

#include "shm/base/limits.hpp"
#include "tools/kafka/mapping/own_records.hpp"
#include "tools/kafka/mapping/rule.hpp"
#include "tools/kafka/mapping/shaper.hpp"
#include "tools/kafka/mapping/unmappable.hpp"

namespace ringside::kafka {

namespace {

/// Reads a time to live from a message: milliseconds, also as text. A missing value means none.
Result<std::chrono::milliseconds> ttl_of(const FieldValue& value, const std::string& name) {
    if (!is_there(value)) return std::chrono::milliseconds(0);
    std::int64_t ttl_ms = 0;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        ttl_ms = *number;
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        const char* const end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, ttl_ms);
        if (parsed.ec != std::errc() || parsed.ptr != end) ttl_ms = 0;
    }
    if (ttl_ms < 1 || static_cast<std::uint64_t>(ttl_ms) > limits::ttl_ms_max) {
        return Error(Errc::bad_ttl, name + ": " + shown(value));
    }
    return std::chrono::milliseconds(ttl_ms);
}

Result<Operation> operation_of(const Rule& rule, const MessageFields& message) {
    if (const auto* fixed = std::get_if<Operation>(&rule.operation)) return *fixed;
    const auto& by_field = std::get<OperationByField>(rule.operation);
    const FieldValue value = message.get(by_field.field);
    for (const auto& choice : by_field.choices) {
        if (equals(value, choice.value)) return choice.operation;
    }
    const std::string& name = message.name(by_field.field);
    if (!is_there(value)) return Error(Errc::path_not_found, "no value of '" + name + "'");
    return unmappable("'" + name + "' is " + shown(value) + ", which selects no operation");
}

Result<bool> applies(const Rule& rule, const FieldTable& fields, MessageFields& message) {
    for (const Condition& condition : rule.conditions) {
        const FieldRoot root = fields.path(condition.field).root;
        if (root == FieldRoot::key_json) {
            if (auto read = message.read_key(); !read) return read.error();
        } else if (root == FieldRoot::value) {
            if (!message.message().value) return true;
            if (auto read = message.read_value(); !read) return read.error();
        }
        if (!condition.holds(message.get(condition.field))) return false;
    }
    return true;
}

}  // namespace

struct Mapper::State {
    /// Memory that a rule reuses from message to message.
    struct Workspace {
        std::string name;
        std::optional<Shaper> shaper;
        DocumentBuilder part;  ///< a part of the value, encoded as a document
    };

    explicit State(std::shared_ptr<const Mapping::Rules> from)
        : rules(std::move(from)), message(rules->fields), workspaces(rules->rules.size()) {
        for (std::size_t i = 0; i < workspaces.size(); ++i) {
            if (const auto& shape = rules->rules[i].shape) workspaces[i].shaper.emplace(*shape);
        }
        writes.reserve(workspaces.size());
    }

    Result<std::span<const MappedWrite>> map(const MessageView& view);
    Result<void> apply(const Rule& rule, Workspace& workspace);
    Result<ByteView> document_of(const Rule& rule, Operation operation, Workspace& workspace);
    void add(const MappedWrite& write);

    std::shared_ptr<const Mapping::Rules> rules;
    MessageFields message;
    std::vector<Workspace> workspaces;  ///< one per rule
    std::vector<MappedWrite> writes;
};

Result<std::span<const MappedWrite>> Mapper::State::map(const MessageView& view) {
    message.begin(view);
    writes.clear();
    bool is_matched = false;
    for (std::size_t i = 0; i < workspaces.size(); ++i) {
        const auto applied = applies(rules->rules[i], rules->fields, message);
        if (!applied) return applied.error();
        if (!*applied) continue;
        is_matched = true;
        if (auto done = apply(rules->rules[i], workspaces[i]); !done) return done.error();
    }
    if (!is_matched && rules->unmatched == Unmatched::dead_letter) {
        return unmappable("no rule matches this message");
    }
    return std::span<const MappedWrite>(writes);
}

Result<void> Mapper::State::apply(const Rule& rule, Workspace& workspace) {
    const bool is_tombstone = !message.message().value;
    if (is_tombstone && rule.tombstone == Tombstone::skip) return {};
    if (is_tombstone && rule.tombstone == Tombstone::dead_letter) {
        return unmappable("message is a tombstone (no value)");
    }
    if (rule.needs_key_json) {
        if (auto read = message.read_key(); !read) return read;
    }
    if (rule.needs_value) {
        if (auto read = message.read_value(); !read) return read;
    }
    MappedWrite write;
    write.operation = Operation::remove;
    write.ignores_missing = rule.ignores_missing;
    if (!is_tombstone) {
        const auto operation = operation_of(rule, message);
        if (!operation) return operation.error();
        write.operation = *operation;
    }
    workspace.name.clear();
    if (auto filled = rule.name.fill(message, FieldTemplate::Purpose::name, workspace.name);
        !filled) {
        return filled;
    }
    if (auto checked = check_record_name(workspace.name); !checked) return checked;
    write.name = workspace.name;
    if (write.operation != Operation::remove) {
        const auto document = document_of(rule, write.operation, workspace);
        if (!document) return document.error();
        write.document = *document;
        if (const auto* field = std::get_if<FieldId>(&rule.ttl)) {
            const auto ttl = ttl_of(message.get(*field), message.name(*field));
            if (!ttl) return ttl.error();
            write.ttl = *ttl;
        } else {
            write.ttl = std::get<std::chrono::milliseconds>(rule.ttl);
        }
    }
    add(write);
    return {};
}

Result<ByteView> Mapper::State::document_of(const Rule& rule, Operation operation,
                                            Workspace& workspace) {
    Value document = message.value();
    if (rule.document) {
        const FieldValue part = message.get(*rule.document);
        const std::string& name = message.name(*rule.document);
        if (!is_there(part)) return Error(Errc::path_not_found, "no value of '" + name + "'");
        const auto* container = std::get_if<Value>(&part);
        if (container == nullptr) {
            return unmappable("'" + name + "' is " + shown(part) +
                              "; expected an object or an array");
        }
        document = *container;
    }
    if (operation == Operation::json_patch && !document.is_array()) {
        return Error(Errc::bad_patch, "patch is " + shown(field_value_of(document)) +
                                          "; expected an array of operations");
    }
    if (workspace.shaper && operation != Operation::json_patch) {
        return workspace.shaper->build(document, message);
    }
    const bool is_patch = operation == Operation::json_patch;
    if (!rule.document) {
        if (!is_patch) {
            if (auto checked = message.check_value(); !checked) return checked.error();
        }
        return message.encoded_value();
    }
    workspace.part.clear({.limits = is_patch ? json_patch_limits : DocumentLimits()});
    workspace.part.value(document);
    return workspace.part.finish();
}

void Mapper::State::add(const MappedWrite& write) {
    // A record cannot be removed twice: the second time it does not exist.
    if (write.operation == Operation::remove) {
        const auto before =
            std::find_if(writes.rbegin(), writes.rend(),
                         [&](const MappedWrite& other) { return other.name == write.name; });
        if (before != writes.rend() && before->operation == Operation::remove) return;
    }
    writes.push_back(write);
}

Mapper::Mapper(Mapping mapping) : state_(std::make_unique<State>(std::move(mapping.rules_))) {}
Mapper::Mapper(Mapper&&) noexcept = default;
Mapper& Mapper::operator=(Mapper&&) noexcept = default;
Mapper::~Mapper() = default;

Result<std::span<const MappedWrite>> Mapper::map(const MessageView& message) {
    return state_->map(message);
}

}  // namespace ringside::kafka
