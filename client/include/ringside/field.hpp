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

/// What a query reads of a record: a value of its document, or something of its name or version.
/// Compiled once, cheap to copy.
///
///     Field price = "/price";                 // a JSON Pointer into the document
///     Field event = Field::level(1);          // "42" of event/42/seat/A12
///
/// Thread safety: immutable.
class Field {
public:
    enum class Kind : std::uint8_t { pointer, level, name, version, revision, updated };

    /// A JSON Pointer; one that is none is told of when the query runs: see `error`.
    Field(std::string_view pointer);
    Field(const char* pointer) : Field(std::string_view(pointer)) {}
    Field(const std::string& pointer) : Field(std::string_view(pointer)) {}
    Field(Pointer pointer);

    /// A level of the name, counted from 0; null where the name has fewer.
    static Field level(std::size_t index);
    /// The whole name.
    static Field name();
    static Field version();
    static Field revision();
    /// Unix time in ns of the commit that made the version.
    static Field updated();

    [[nodiscard]] Kind kind() const noexcept { return data_->kind; }
    /// Of a pointer; the whole document otherwise.
    [[nodiscard]] const Pointer& pointer() const noexcept { return data_->pointer; }
    /// Of a level.
    [[nodiscard]] std::size_t level_index() const noexcept { return data_->level; }
    /// What a column of this field is called: the pointer as it was given, "level(1)", "name", …
    [[nodiscard]] const std::string& label() const noexcept { return data_->label; }
    /// bad_pointer, where the text was none.
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return data_->error; }

    [[nodiscard]] bool is_same(const Field& other) const noexcept;

private:
    friend class FieldReader;
    struct Data {
        Kind kind = Kind::pointer;
        Pointer pointer{};
        std::size_t level = 0;
        std::string label{};
        std::optional<Error> error{};
    };
    explicit Field(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}

    std::shared_ptr<const Data> data_;
};

/// Reads a field of many records; remembers where it was in the last one.
/// Cost: of a pointer with one token, one lookup by `Value::Key`.
/// Thread safety: one thread; each makes its own.
class FieldReader {
public:
    explicit FieldReader(const Field& field);

    /// Null where there is nothing. Valid as long as the record is.
    [[nodiscard]] Scalar operator()(const RecordView& record) const noexcept {
        return of(record, record.document());
    }
    /// The same, for those who have the root of its document already.
    [[nodiscard]] [[gnu::always_inline]] Scalar of(const RecordView& record,
                                                   const Value& root) const noexcept {
        return is_of_document() ? Scalar::of(value(root)) : of_name_or_version(record);
    }

    /// Whether the field is a value of the document, so that `value` may be asked for.
    [[nodiscard]] bool is_of_document() const noexcept {
        return field_->kind == Field::Kind::pointer;
    }
    /// The value in the document whose root is given; one that does not exist where there is none.
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
    bool is_key_;     ///< a pointer with one token,
    Value::Key key_;  ///< which is this
};

}  // namespace ringside
