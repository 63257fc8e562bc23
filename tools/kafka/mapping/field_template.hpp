#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/kafka/mapping/message_fields.hpp"

namespace ringside::kafka {

/// Text with fields of a message in it: `event/{event_id}/seat/{section}-{row}-{seat}`. Fields are
/// texts, integers, true or false. In a name a '/' of a field would change the levels: only
/// `{field:path}` may have one.
/// Thread safety: immutable.
class FieldTemplate {
public:
    struct Part {
        std::string text;
        FieldId field{};
        bool has_field = false;  ///< after the text; the last part has none
        bool may_have_slash = false;
    };

    /// Error: bad_configuration (braces, paths, limits).
    static Result<FieldTemplate> parse(std::string_view text, FieldTable& fields);

    [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }

    /// The template is one field and nothing else: `{price}`.
    [[nodiscard]] bool is_one_field() const noexcept;

    /// Whether the message has all its fields.
    [[nodiscard]] bool can_fill(const MessageFields& message) const noexcept;

    enum class Purpose : std::uint8_t { name, text };
    /// Appends it. In a name a field may neither be empty nor, without ":path", have a '/'.
    /// Errors: path_not_found (a field is not there), bad_name, name_too_long or, of a text,
    /// document_too_large, and unmappable (a field of another type).
    Result<void> fill(const MessageFields& message, Purpose purpose, std::string& out) const;

private:
    std::vector<Part> parts_;
};

}  // namespace ringside::kafka
