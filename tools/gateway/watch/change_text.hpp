#pragma once

#include <string>
#include <string_view>

#include "ringside/watch.hpp"
#include "tools/gateway/watch/place.hpp"

namespace ringside::gateway {

/// Writes a change as a protocol has it. `pointer`: of those who want one value.
using ChangeEncoder = std::string (*)(const WatchEvent& event, const Pointer& pointer);

/// Members of an object, without its braces: `"kind":"put",…`; the value at the pointer takes the
/// document's place.
[[nodiscard]] std::string json_members(const WatchEvent& event, const Pointer& pointer);

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

    /// As the encoder has written it.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    WatchKind kind_ = WatchKind::put;
    std::string name_;
    Revision revision_ = 0;
    Version version_ = 0;
    std::string text_;
};

}  // namespace ringside::gateway
