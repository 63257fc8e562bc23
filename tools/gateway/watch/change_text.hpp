#pragma once

#include <string>
#include <string_view>

#include "ringside/watch.hpp"
#include "tools/gateway/watch/place.hpp"

namespace ringside::gateway {

/// A change as it is told, encoded once for all who are told of it.
class ChangeText {
public:
    /// `pointer`: of those who want one value; its value takes the document's place.
    static ChangeText of(const WatchEvent& event, const Pointer& pointer);
    /// That changes were missed.
    static ChangeText lagged(Revision resumes_at);

    [[nodiscard]] std::string_view kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_event() const noexcept { return is_event_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }

    /// Members of an object, without its braces: `"kind":"put",…`
    [[nodiscard]] const std::string& members() const noexcept { return members_; }

private:
    std::string_view kind_;
    bool is_event_ = false;
    std::string name_;
    Revision revision_ = 0;
    std::string members_;
};

}  // namespace ringside::gateway
