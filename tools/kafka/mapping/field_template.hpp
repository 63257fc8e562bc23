#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/kafka/mapping/message_fields.hpp"

namespace ringside::kafka {

/// Text with fields of a message in it: `event/{event_id}/seat/{section}-{row}-{seat}`. Fields are
/// texts, integers, true or false, and not empty. One whose text has a '/' is refused, as it would
/// change the levels of a name, unless the template says `{field:path}`.
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

    /// Appends it, up to so many bytes. Where `is_name`, what would be no part of a name is
    /// refused. Errors: path_not_found (a field is not there), bad_name (empty, or with '/'),
    /// name_too_long, document_too_large, and unmappable (of another type).
    enum class Purpose : std::uint8_t { name, text };
    Result<void> fill(const MessageFields& message, Purpose purpose, std::string& out) const;

private:
    std::vector<Part> parts_;
};

}  // namespace ringside::kafka
