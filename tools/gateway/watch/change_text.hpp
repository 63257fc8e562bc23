#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ringside/watch.hpp"
#include "tools/gateway/watch/place.hpp"

namespace ringside::gateway {

/// A change in the encoding of a protocol.
struct EncodedChange {
    std::string text{};
    /// Offset of the whole document, as JSON up to the end of the text; 0 if it is not included.
    std::size_t document_at = 0;
};

/// Encodes a change for a protocol. `pointer` selects one value.
using ChangeEncoder = EncodedChange (*)(const WatchEvent& event, const JsonPointer& pointer);

/// Returns members of an object without its braces: `"kind":"put",…`. The value at the pointer
/// replaces the document.
[[nodiscard]] EncodedChange json_members(const WatchEvent& event, const JsonPointer& pointer);

/// The text of a change, encoded once for all receivers.
class ChangeText {
public:
    static ChangeText of(const WatchEvent& event, const JsonPointer& pointer, ChangeEncoder encode);
    /// Reports missed changes, as JSON.
    static ChangeText lagged(Revision resumes_at);

    [[nodiscard]] WatchKind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_event() const noexcept { return kind_ == WatchKind::event; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }
    [[nodiscard]] Version version() const noexcept { return version_; }
    [[nodiscard]] Position position() const noexcept { return position_; }  ///< in the change ring

    /// As the encoder has written it.
    [[nodiscard]] const std::string& text() const noexcept { return encoded_.text; }
    /// Returns the whole document as JSON, or none if there is none or it was not encoded
    /// separately.
    [[nodiscard]] std::optional<std::string_view> document() const noexcept {
        if (encoded_.document_at == 0) return std::nullopt;
        return std::string_view(encoded_.text).substr(encoded_.document_at);
    }
    /// Returns whether the record no longer exists.
    [[nodiscard]] bool is_removal() const noexcept {
        return kind_ == WatchKind::remove || kind_ == WatchKind::expire;
    }

private:
    WatchKind kind_ = WatchKind::put;
    std::string name_;
    Revision revision_ = 0;
    Version version_ = 0;
    Position position_ = 0;
    EncodedChange encoded_;
};

}  // namespace ringside::gateway
