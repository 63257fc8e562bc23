#include "tools/gateway/grid/record_evidence.hpp"

#include "shm/document/json.hpp"
#include "shm/document/patch.hpp"

namespace ringside::gateway {

Result<std::optional<RecordState>> record_state(const Client& client, std::string_view name) {
    const auto record = client.get(name);
    if (record) {
        return std::optional(
            RecordState{record->version(), record->revision(), record->updated_ns()});
    }
    if (record.error() == Errc::not_found) return std::optional<RecordState>();
    return record.error();
}

RecordJson record_json(const Client& client, std::string_view name) {
    const auto record = client.get(name);
    // A record with an invalid name does not exist either: rules build names from users' input.
    if (!record && record.error() != Errc::not_found && record.error() != Errc::bad_name &&
        record.error() != Errc::name_too_long) {
        return record.error();
    }
    if (!record) return std::optional<std::string>();
    std::string json = to_json(record->document());
    if (const auto whole = record->check(); !whole) return whole.error();
    return std::optional(std::move(json));
}

RecordJson ReadEvidence::record(std::string_view name) const {
    if (name != name_) return others_(name);
    if (!document_.exists()) return std::optional<std::string>();
    return std::optional(to_json(document_));
}

Result<void> WriteEvidence::look() const {
    if (seen_) return {};
    const auto fail = [&](const Error& error) -> Result<void> {
        failure_ = error;
        return error;
    };
    const auto record = client_.get(write_.name);
    if (!record && record.error() != Errc::not_found) return fail(record.error());
    if (!record) {
        seen_.emplace();
        return {};
    }
    auto document = Document::copy(record->document(), written_limits);
    if (const auto whole = record->check(); !whole) return fail(whole.error());
    if (!document) return fail(document.error());
    seen_.emplace(RecordState{record->version(), record->revision(), record->updated_ns()});
    old_ = *std::move(document);
    return {};
}

RecordJson WriteEvidence::record(std::string_view name) const {
    if (name != write_.name) return records_(name);
    if (auto looked = look(); !looked) return looked.error();
    if (!old_) return std::optional<std::string>();
    return std::optional(to_json(old_->root()));
}

std::optional<std::string> WriteEvidence::data() const {
    if (auto made = make_data()) return *std::move(made);
    return std::nullopt;
}

Result<std::string> WriteEvidence::make_data() const {
    if (write_.kind == Write::Kind::remove) return Error(Errc::not_found);
    const auto content = content_();
    if (!content) {
        failure_ = content.error();
        return content.error();
    }
    if (write_.kind == Write::Kind::put) return to_json(content->root());
    if (auto looked = look(); !looked) return looked.error();
    const auto pointer = JsonPointer::parse(write_.pointer);
    if (!pointer) return pointer.error();
    DocumentBuilder builder;
    const auto changed = [&]() -> Result<ByteView> {
        if (write_.kind == Write::Kind::merge) {
            return apply_merge(builder, old_ ? std::optional(old_->root()) : std::nullopt,
                               content->root());
        }
        if (!old_) return Error(Errc::not_found);
        if (write_.kind == Write::Kind::patch) {
            return apply_set(builder, old_->root(), *pointer, content->root());
        }
        return apply_json_patch(builder, old_->root(), content->root());
    }();
    if (!changed) return changed.error();
    return to_json(Value::of(*changed));
}

}  // namespace ringside::gateway
