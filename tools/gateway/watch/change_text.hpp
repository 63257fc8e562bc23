#pragma once

#include <optional>
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

    /// The whole document as JSON; none: there is none, or only a value of it was encoded.
    [[nodiscard]] std::optional<std::string_view> document() const noexcept {
        if (document_at_ == 0) return std::nullopt;
        return std::string_view(members_).substr(document_at_);
    }
    /// Whether the record is not there any more.
    [[nodiscard]] bool is_removal() const noexcept { return is_removal_; }

    /// Members of an object, without its braces: `"kind":"put",…`
    [[nodiscard]] const std::string& members() const noexcept { return members_; }

private:
    std::string_view kind_;
    bool is_event_ = false;
    std::string name_;
    Revision revision_ = 0;
    std::string members_;
    std::size_t document_at_ = 0;  ///< in `members_`
    bool is_removal_ = false;
};

}  // namespace ringside::gateway
