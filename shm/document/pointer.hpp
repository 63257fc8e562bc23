#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside {

/// A JSON Pointer (RFC 6901): the location of a value in a document, e.g. `/seats/12/price`. The
/// empty pointer is the whole document.
/// Thread safety: immutable after parse.
class JsonPointer {
public:
    /// The whole document.
    JsonPointer() = default;

    /// Parses a pointer. Errors: bad_pointer (no leading '/', '~' not followed by 0 or 1, not
    /// UTF-8, longer than `limits::pointer_bytes_max`).
    static Result<JsonPointer> parse(std::string_view text);

    /// The pointer as it was parsed, with its escapes.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// The reference tokens, without escapes.
    [[nodiscard]] const std::vector<std::string>& tokens() const noexcept { return tokens_; }
    [[nodiscard]] bool empty() const noexcept { return tokens_.empty(); }

    /// Returns whether `other` points to the same value or a value inside it.
    [[nodiscard]] bool is_prefix_of(const JsonPointer& other) const noexcept;

    /// Returns whether a change at one is visible at the other: one is a prefix of the other.
    [[nodiscard]] bool affects(const JsonPointer& other) const noexcept {
        return is_prefix_of(other) || other.is_prefix_of(*this);
    }

    [[deprecated("use affects")]] [[nodiscard]] bool touches(
        const JsonPointer& other) const noexcept {
        return affects(other);
    }

    /// Returns the index that a token denotes in an array of `size` elements. Indices have no sign
    /// or leading zeros. "-" denotes the position after the end, `size`. Returns nothing for any
    /// other token. An index beyond the end is returned unchanged.
    static std::optional<std::size_t> array_index(std::string_view token,
                                                  std::size_t size) noexcept;

    friend bool operator==(const JsonPointer& a, const JsonPointer& b) noexcept {
        return a.tokens_ == b.tokens_;
    }

private:
    std::string text_;
    std::vector<std::string> tokens_;
};
using Pointer [[deprecated("use JsonPointer")]] = JsonPointer;

}  // namespace ringside
