#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::gateway::valve {

/// The names that a rule applies to. `*` matches any text without line ends (\n, \r, U+2028,
/// U+2029), also the empty text. `$name` matches any text without '/', but not the empty text.
/// Every other character matches itself. So, as in deepstream, fewer paths match a name with a line
/// end.
/// Thread safety: immutable.
class Path {
public:
    /// Error: bad_configuration.
    [[nodiscard]] static Result<Path> parse(std::string_view text);

    /// Returns the values of the variables if the name matches, in order. Each variable takes as
    /// much as it can, beginning with the first. Cost: linear in the name.
    [[nodiscard]] std::optional<std::vector<std::string>> match(std::string_view name) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Including the '$'.
    [[nodiscard]] const std::vector<std::string>& variables() const noexcept { return variables_; }
    /// Returns the prefix of every matching name.
    [[nodiscard]] std::string_view prefix() const noexcept {
        return std::string_view(text_).substr(0, prefix_bytes_);
    }
    [[nodiscard]] bool is_literal() const noexcept { return prefix_bytes_ == text_.size(); }
    /// Returns whether every name with the prefix matches if no line end follows the prefix:
    /// `prefix*`.
    [[nodiscard]] bool takes_all_of_prefix() const noexcept {
        return prefix_bytes_ + 1 == text_.size() && text_.back() == '*';
    }

private:
    explicit Path(std::string_view text) : text_(text) {}

    std::string text_;
    std::size_t prefix_bytes_ = 0;
    std::vector<std::string> variables_;
    std::unique_ptr<RE2> expression_;  ///< null if the prefix alone decides
};

}  // namespace ringside::gateway::valve
