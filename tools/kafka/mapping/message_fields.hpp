#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shm/document/json.hpp"
#include "shm/document/value.hpp"
#include "tools/kafka/mapping/field_path.hpp"
#include "tools/kafka/mapping/field_value.hpp"
#include "tools/kafka/message.hpp"

namespace ringside::kafka {

/// Identifies a field in the rules of one mapping.
enum class FieldId : std::uint32_t {};

/// The fields that the rules of a mapping name.
class FieldTable {
public:
    /// Error: bad_configuration.
    Result<FieldId> add(std::string_view text);

    [[nodiscard]] const std::vector<FieldPath>& paths() const noexcept { return paths_; }
    [[nodiscard]] const FieldPath& path(FieldId field) const noexcept {
        return paths_[static_cast<std::size_t>(field)];
    }
    [[nodiscard]] bool has(FieldRoot root) const noexcept;

    /// Returns whether a field of that root was requested since `begin_rule`.
    [[nodiscard]] bool rule_names(FieldRoot root) const noexcept {
        return named_[static_cast<std::size_t>(root)];
    }
    void begin_rule() noexcept { named_.reset(); }

private:
    std::vector<FieldPath> paths_;
    std::bitset<field_roots> named_;
};

/// Reads the fields of one message at a time, and reuses its memory.
/// Thread safety: one thread.
class MessageFields {
public:
    /// The table must outlive it.
    explicit MessageFields(const FieldTable& table);

    /// Begins with a message, which must live until the next one.
    void begin(const MessageView& message) noexcept;

    /// Parses the value as JSON, once per message. Before the call, and for a tombstone, it has no
    /// fields. The value may be a JSON Patch within `json_patch_limits`.
    /// Errors: those of `JsonReader`.
    Result<void> read_value();
    /// Checks the value against the limits of a document. Errors: too_deep, document_too_large.
    [[nodiscard]] Result<void> check_value() const;
    /// Parses the key. Errors: as for the value.
    Result<void> read_key();

    [[nodiscard]] FieldValue get(FieldId field) const noexcept;
    /// Returns the field's name, for people.
    [[nodiscard]] const std::string& name(FieldId field) const noexcept {
        return table_->path(field).text;
    }

    [[nodiscard]] const MessageView& message() const noexcept { return *message_; }
    [[nodiscard]] const Value& value() const noexcept { return value_.root; }
    [[nodiscard]] ByteView encoded_value() const noexcept { return value_.encoded; }

private:
    /// A step of a path. The index is the meaning of the name in an array.
    struct Step {
        Value::Key key;
        std::optional<std::size_t> index;
    };
    /// A text that is parsed as JSON on demand.
    struct Json {
        JsonReader reader;
        ByteView encoded;
        Value root;
        bool is_read = false;

        void forget() noexcept;
        Result<void> read(std::optional<std::string_view> text, std::string_view what,
                          const DocumentLimits& limits = {});
    };

    [[nodiscard]] FieldValue header(std::string_view name) const noexcept;
    [[nodiscard]] Value follow(Value value, FieldId field) const noexcept;

    const FieldTable* table_;
    std::vector<std::vector<Step>> steps_;  ///< per field
    const MessageView* message_ = nullptr;
    Json value_;
    Json key_;
};

}  // namespace ringside::kafka
