#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// The members on the path to a place in a document.
using MemberPath = std::vector<std::string>;

/// Parses `cost.amount`, or a JSON Pointer if it begins with '/', for members with a dot in their
/// name.
/// Error: bad_configuration (an empty member, too long, too many members).
Result<MemberPath> parse_member_path(std::string_view text);

/// The part of a message that a field belongs to.
enum class FieldRoot : std::uint8_t {
    value,     ///< JSON
    key,       ///< as text
    key_json,  ///< read as JSON
    header,    ///< text
    topic,
    partition,
    offset,
    timestamp,
};
inline constexpr std::size_t field_roots = 8;

/// A field of a message, as rules name it:
///
///     a.b.c, value.a.b.c, /a/b/c   a member of the value; `value` alone: all of it
///     key, key.a.b                 the key as text, a member of a key that is JSON
///     header.NAME                  the last header of that name; NAME may have dots
///     topic, partition, offset, timestamp
struct FieldPath {
    std::string text;  ///< as in the configuration
    FieldRoot root = FieldRoot::value;
    std::string header;  ///< name of the header
    MemberPath members;  ///< within the value or the key

    /// Error: bad_configuration.
    static Result<FieldPath> parse(std::string_view text);

    [[nodiscard]] bool is_text() const noexcept {
        return root == FieldRoot::key || root == FieldRoot::header || root == FieldRoot::topic;
    }
    [[nodiscard]] bool is_integer() const noexcept { return root >= FieldRoot::partition; }
};

}  // namespace ringside::kafka
