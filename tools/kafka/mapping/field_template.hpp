#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/kafka/mapping/message_fields.hpp"

namespace ringside::kafka {

/// A text with fields of a message: `event/{event_id}/seat/{section}-{row}-{seat}`. Fields are
/// texts, integers, true or false. In a name, a '/' in a field would change the levels, so only
/// `{field:path}` may contain one.
/// Thread safety: immutable.
class FieldTemplate {
public:
    struct Part {
        std::string text;
        FieldId field{};
        bool has_field = false;  ///< after the text; false for the last part
        bool may_have_slash = false;
    };

    /// Error: bad_configuration (braces, paths, limits).
    static Result<FieldTemplate> parse(std::string_view text, FieldTable& fields);

    [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }

    /// Returns whether the template consists of one field: `{price}`.
    [[nodiscard]] bool is_one_field() const noexcept;

    /// Returns whether the message has all its fields.
    [[nodiscard]] bool can_fill(const MessageFields& message) const noexcept;

    enum class Purpose : std::uint8_t { name, text };
    /// Appends the filled template. In a name a field must not be empty nor, without ":path",
    /// contain a '/'.
    /// Errors: path_not_found (a missing field), bad_name, name_too_long or, for a text,
    /// document_too_large, and unmappable (a field of another type).
    Result<void> fill(const MessageFields& message, Purpose purpose, std::string& out) const;

private:
    std::vector<Part> parts_;
};

}  // namespace ringside::kafka
