#include "tools/kafka/mapping/message_fields.hpp"

#include <algorithm>
#include <limits>

#include "shm/document/pointer.hpp"

namespace ringside::kafka {

namespace {

FieldValue text_or_nothing(std::optional<std::string_view> text) noexcept {
    if (!text) return {};
    return *text;
}

}  // namespace

Result<FieldId> FieldTable::add(std::string_view text) {
    auto known = std::find_if(paths_.begin(), paths_.end(),
                              [&](const FieldPath& path) { return path.text == text; });
    if (known == paths_.end()) {
        auto path = FieldPath::parse(text);
        if (!path) return path.error();
        known = paths_.insert(paths_.end(), std::move(*path));
    }
    named_.set(static_cast<std::size_t>(known->root));
    return static_cast<FieldId>(known - paths_.begin());
}

bool FieldTable::has(FieldRoot root) const noexcept {
    return std::any_of(paths_.begin(), paths_.end(),
                       [&](const FieldPath& path) { return path.root == root; });
}

MessageFields::MessageFields(const FieldTable& table) : table_(&table) {
    for (const FieldPath& path : table.paths()) {
        auto& steps = steps_.emplace_back();
        for (const std::string& member : path.members) {
            constexpr auto any_size = std::numeric_limits<std::size_t>::max();
            steps.push_back({Value::Key(member), JsonPointer::array_index(member, any_size)});
        }
    }
}

void MessageFields::begin(const MessageView& message) noexcept {
    message_ = &message;
    value_.forget();
    key_.forget();
}

Result<void> MessageFields::read_value() {
    return value_.read(message_->value, "value", json_patch_limits);
}
Result<void> MessageFields::check_value() const {
    constexpr DocumentLimits limits;
    if (value_.reader.depth_reached() > limits.depth_max) {
        return Error(Errc::too_deep, "value");
    }
    if (value_.reader.content() > limits.content_max ||
        value_.encoded.size() > limits.encoded_max) {
        return Error(Errc::document_too_large, "value: content too large");
    }
    return {};
}
Result<void> MessageFields::read_key() { return key_.read(message_->key, "key"); }

FieldValue MessageFields::get(FieldId field) const noexcept {
    const FieldPath& path = table_->path(field);
    switch (path.root) {
        case FieldRoot::value: return field_value_of(follow(value_.root, field));
        case FieldRoot::key: return text_or_nothing(message_->key);
        case FieldRoot::key_json: return field_value_of(follow(key_.root, field));
        case FieldRoot::header: return header(path.header);
        case FieldRoot::topic: return message_->topic;
        case FieldRoot::partition: return std::int64_t{message_->partition};
        case FieldRoot::offset: return message_->offset;
        case FieldRoot::timestamp:
            if (message_->timestamp_ms < 0) return {};
            return message_->timestamp_ms;
    }
    return {};
}

FieldValue MessageFields::header(std::string_view name) const noexcept {
    const auto& headers = message_->headers;
    const auto last = std::find_if(headers.rbegin(), headers.rend(),
                                   [&](const Header& header) { return header.name == name; });
    return last == headers.rend() ? FieldValue() : text_or_nothing(last->value);
}

Value MessageFields::follow(Value value, FieldId field) const noexcept {
    for (const Step& step : steps_[static_cast<std::size_t>(field)]) {
        if (!value.is_array()) value = value[step.key];
        else value = step.index ? value[*step.index] : Value();
    }
    return value;
}

void MessageFields::Json::forget() noexcept {
    root = Value();
    encoded = {};
    is_read = false;
}

Result<void> MessageFields::Json::read(std::optional<std::string_view> text, std::string_view what,
                                       const DocumentLimits& limits) {
    if (is_read || !text) return {};
    const auto document = reader.read(*text, limits);
    if (!document) {
        const Error& error = document.error();
        return Error(error.code,
                     std::string(what) + (error.detail.empty() ? "" : ": " + error.detail));
    }
    encoded = *document;
    root = Value::of(encoded);
    is_read = true;
    return {};
}

}  // namespace ringside::kafka
