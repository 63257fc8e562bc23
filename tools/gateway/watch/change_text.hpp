#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ringside/watch.hpp"
#include "tools/gateway/watch/place.hpp"

namespace ringside::gateway {

/// A change as a protocol has it.
struct EncodedChange {
    std::string text{};
    /// Where the whole document begins in it, as JSON up to its end; 0: it does not.
    std::size_t document_at = 0;
};

/// Writes a change as a protocol has it. `pointer`: of those who want one value.
using ChangeEncoder = EncodedChange (*)(const WatchEvent& event, const Pointer& pointer);

/// Members of an object, without its braces: `"kind":"put",…`; the value at the pointer takes the
/// document's place.
[[nodiscard]] EncodedChange json_members(const WatchEvent& event, const Pointer& pointer);

/// A change as it is told, encoded once for all who are told of it.
class ChangeText {
public:
    static ChangeText of(const WatchEvent& event, const Pointer& pointer, ChangeEncoder encode);
    /// That changes were missed, with its text in JSON.
    static ChangeText lagged(Revision resumes_at);

    [[nodiscard]] WatchKind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_event() const noexcept { return kind_ == WatchKind::event; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }
    [[nodiscard]] Version version() const noexcept { return version_; }
    [[nodiscard]] Position position() const noexcept { return position_; }  ///< in the change ring

    /// As the encoder has written it.
    [[nodiscard]] const std::string& text() const noexcept { return encoded_.text; }
    /// The whole document as JSON; none: there is none, or it was not encoded by itself.
    [[nodiscard]] std::optional<std::string_view> document() const noexcept {
        if (encoded_.document_at == 0) return std::nullopt;
        return std::string_view(encoded_.text).substr(encoded_.document_at);
    }
    /// Whether the record is not there any more.
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
