#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/name/pattern.hpp"

namespace ringside::kafka {

/// The records that a sink sends: those that one of its patterns matches. The tool's own records,
/// below `kafka/`, require a pattern that names that level. The records of the sink itself never
/// match.
/// Thread safety: immutable.
class Selection {
public:
    /// REQUIRES: at least one pattern; either all or none match names that begin with '$'.
    Selection(std::vector<Pattern> patterns, const std::string& sink_name);

    /// REQUIRES: `widest` matches the name.
    [[nodiscard]] bool matches(std::string_view name) const noexcept;

    /// Returns one pattern that covers all of them, and perhaps more.
    [[nodiscard]] const std::string& widest() const noexcept { return widest_; }

private:
    std::vector<Pattern> patterns_;
    std::vector<Pattern> of_tool_;  ///< patterns that may match the tool's own names
    std::string own_prefix_;
    std::string widest_;
};

}  // namespace ringside::kafka
