#include "ringside/field.hpp"

#include "shm/name/name.hpp"

namespace ringside {

Field::Field(std::string_view pointer) {
    Data data{.label = std::string(pointer)};
    auto parsed = JsonPointer::parse(pointer);
    if (parsed) {
        data.pointer = std::move(*parsed);
    } else {
        data.error = parsed.error();
    }
    data_ = std::make_shared<const Data>(std::move(data));
}

Field::Field(JsonPointer pointer) {
    std::string label = pointer.text();
    data_ = std::make_shared<const Data>(
        Data{.pointer = std::move(pointer), .label = std::move(label)});
}

Field Field::level(std::size_t index) {
    return Field(
        Data{.kind = Kind::level, .level = index, .label = "level(" + std::to_string(index) + ")"});
}

Field Field::name() { return Field(Data{.kind = Kind::name, .label = "name"}); }
Field Field::version() { return Field(Data{.kind = Kind::version, .label = "version"}); }
Field Field::revision() { return Field(Data{.kind = Kind::revision, .label = "revision"}); }
Field Field::updated() { return Field(Data{.kind = Kind::updated, .label = "updated"}); }

bool Field::is_same(const Field& other) const noexcept {
    return data_ == other.data_ ||
           (kind() == other.kind() && level_index() == other.level_index() && !error() &&
            !other.error() && pointer() == other.pointer());
}

FieldReader::FieldReader(const Field& field)
    : field_(field.data_),
      is_key_(field_->kind == Field::Kind::pointer && field_->pointer.tokens().size() == 1),
      key_(is_key_ ? std::string_view(field_->pointer.tokens().front()) : std::string_view()) {
    for (const std::string& token : field_->pointer.tokens()) steps_.emplace_back(token);
}

/// Same as `Value::find`, with keys that cache their positions.
Value FieldReader::find(Value at) const noexcept {
    for (const Step& step : steps_) {
        if (at.is_object()) {
            at = at[step.key];
        } else if (at.is_array()) {
            const auto index = JsonPointer::array_index(*step.token, at.size());
            at = index ? at[*index] : Value();
        } else {
            return {};
        }
    }
    return at;
}

namespace {

Scalar level_of(std::string_view name, std::size_t index) noexcept {
    for (; index > 0; --index) {
        const std::size_t slash = name.find('/');
        if (slash == std::string_view::npos) return {};
        name.remove_prefix(slash + 1);
    }
    return Scalar::string(first_level(name));
}

}  // namespace

Scalar FieldReader::of_name_or_version(const RecordView& record) const noexcept {
    switch (field_->kind) {
        case Field::Kind::level: return level_of(record.name(), field_->level);
        case Field::Kind::name: return Scalar::string(record.name());
        case Field::Kind::version: return Scalar::unsigned_integer(record.version());
        case Field::Kind::revision: return Scalar::unsigned_integer(record.revision());
        case Field::Kind::updated: return Scalar::unsigned_integer(record.updated_ns());
        case Field::Kind::pointer: break;
    }
    return {};
}

}  // namespace ringside
