#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/record.hpp"
#include "ringside/scalar.hpp"
#include "shm/document/pointer.hpp"

namespace ringside {

/// What a query reads from a record: a value in the document, the name, or version metadata.
/// Compiled once, cheap to copy.
///
///     Field price = "/price";                 // a JSON Pointer into the document
///     Field event = Field::level(1);          // "42" of event/42/seat/A12
///
/// Thread safety: immutable.
class Field {
public:
    enum class Kind : std::uint8_t { pointer, level, name, version, revision, updated };

    /// Reads the value at a JSON Pointer. An invalid pointer is reported when the query runs: see
    /// `error`.
    Field(std::string_view pointer);
    Field(const char* pointer) : Field(std::string_view(pointer)) {}
    Field(const std::string& pointer) : Field(std::string_view(pointer)) {}
    Field(JsonPointer pointer);

    /// Reads one level of the name, counted from 0. Null if the name has fewer levels.
    static Field level(std::size_t index);
    /// Reads the whole name.
    static Field name();
    /// Reads the version of the record.
    static Field version();
    /// Reads the revision of the commit that made the version.
    static Field revision();
    /// Reads the Unix time in ns of the commit that made the version.
    static Field updated();

    [[nodiscard]] Kind kind() const noexcept { return data_->kind; }
    /// The pointer of a pointer field; otherwise the pointer to the whole document.
    [[nodiscard]] const JsonPointer& pointer() const noexcept { return data_->pointer; }
    /// The level of a level field.
    [[nodiscard]] std::size_t level_index() const noexcept { return data_->level; }
    /// Name of the result column: the pointer as given, "level(1)", "name", …
    [[nodiscard]] const std::string& label() const noexcept { return data_->label; }
    /// Returns bad_pointer if the pointer is invalid.
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return data_->error; }

    /// Returns whether both read the same thing. Labels are ignored.
    [[nodiscard]] bool is_same(const Field& other) const noexcept;

private:
    friend class FieldReader;
    struct Data {
        Kind kind = Kind::pointer;
        JsonPointer pointer{};
        std::size_t level = 0;
        std::string label{};
        std::optional<Error> error{};
    };
    explicit Field(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}

    std::shared_ptr<const Data> data_;
};

/// Reads one field of many records. Caches the position in the previous record.
/// Cost: for a pointer with one token, one lookup by `Value::Key`.
/// Thread safety: one thread; each thread makes its own reader.
class FieldReader {
public:
    explicit FieldReader(const Field& field);

    /// Returns null if the value does not exist. Valid as long as the record.
    [[nodiscard]] Scalar operator()(const RecordView& record) const noexcept {
        return of(record, record.document());
    }
    /// Same, for callers that already have the root of the record's document.
    [[nodiscard]] [[gnu::always_inline]] Scalar of(const RecordView& record,
                                                   const Value& root) const noexcept {
        return is_of_document() ? Scalar::of(value(root)) : of_name_or_version(record);
    }

    /// Returns whether the field is a value in the document, as `value` requires.
    [[nodiscard]] bool is_of_document() const noexcept {
        return field_->kind == Field::Kind::pointer;
    }
    /// Returns the value in the document with this root, or a non-existent value.
    /// REQUIRES: is_of_document().
    [[nodiscard]] [[gnu::always_inline]] Value value(const Value& root) const noexcept {
        return is_key_ && root.is_object() ? root[key_] : find(root);
    }

private:
    /// One token of the pointer.
    struct Step {
        explicit Step(const std::string& text) : token(&text), key(text) {}
        const std::string* token;
        Value::Key key;
    };
    [[nodiscard]] Value find(Value at) const noexcept;
    [[nodiscard]] Scalar of_name_or_version(const RecordView& record) const noexcept;

    std::shared_ptr<const Field::Data> field_;
    std::vector<Step> steps_;
    bool is_key_;     ///< whether the pointer has exactly one token
    Value::Key key_;  ///< that token
};

}  // namespace ringside
