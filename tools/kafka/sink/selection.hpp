#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/name/pattern.hpp"

namespace ringside::kafka {

/// Which records a sink is for: those that one of its patterns matches. Records of this tool
/// itself, below `kafka/`, are for patterns only that name that level; a sink's own never are.
/// Thread safety: immutable.
class Selection {
public:
    /// REQUIRES: at least one pattern; all of names that begin with '$', or none.
    Selection(std::vector<Pattern> patterns, const std::string& sink_name);

    /// REQUIRES: `widest` matches the name.
    [[nodiscard]] bool matches(std::string_view name) const noexcept;

    /// One pattern that matches all of them, and perhaps more.
    [[nodiscard]] const std::string& widest() const noexcept { return widest_; }

private:
    std::vector<Pattern> patterns_;
    std::vector<Pattern> of_tool_;  ///< those that may match names of the tool
    std::string own_prefix_;
    std::string widest_;
};

}  // namespace ringside::kafka
