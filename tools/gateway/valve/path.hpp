#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::gateway::valve {

/// What names a rule is about: `*` stands for anything but the end of a line (\n, \r, U+2028,
/// U+2029), also for nothing, `$name` for anything but a '/', and for something; every other
/// character for itself. So a name with a line end is found by fewer paths, as in deepstream.
/// Thread safety: immutable.
class Path {
public:
    /// Error: bad_configuration.
    [[nodiscard]] static Result<Path> parse(std::string_view text);

    /// What its variables stand for in a name that it matches, in their order. Each takes as much
    /// as it can, the first one first. Cost: linear in the name.
    [[nodiscard]] std::optional<std::vector<std::string>> match(std::string_view name) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// With their '$'.
    [[nodiscard]] const std::vector<std::string>& variables() const noexcept { return variables_; }
    /// What every name begins with that it matches.
    [[nodiscard]] std::string_view prefix() const noexcept {
        return std::string_view(text_).substr(0, prefix_bytes_);
    }
    [[nodiscard]] bool is_literal() const noexcept { return prefix_bytes_ == text_.size(); }
    /// Whether every name matches that begins with the prefix and has no line end behind it:
    /// `prefix*`.
    [[nodiscard]] bool takes_all_of_prefix() const noexcept {
        return prefix_bytes_ + 1 == text_.size() && text_.back() == '*';
    }

private:
    explicit Path(std::string_view text) : text_(text) {}

    std::string text_;
    std::size_t prefix_bytes_ = 0;
    std::vector<std::string> variables_;
    std::unique_ptr<RE2> expression_;  ///< where the prefix alone does not say it
};

}  // namespace ringside::gateway::valve
