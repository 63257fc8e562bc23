#include "tools/kafka/sink/selection.hpp"

#include <algorithm>
#include <iterator>

#include "shm/name/name.hpp"

namespace ringside::kafka {

namespace {

constexpr std::string_view tool_level = "kafka";
constexpr std::string_view tool_prefix = "kafka/";
constexpr std::string_view all_of_grid = "$sys/**";

/// Returns a subtree that covers all patterns.
std::string widest_of(const std::vector<Pattern>& patterns) {
    if (patterns.size() == 1) return patterns.front().text();
    if (is_reserved(patterns.front().text())) return std::string(all_of_grid);
    std::string_view common = patterns.front().literal_prefix();
    for (const Pattern& pattern : patterns) {
        const std::string_view other = pattern.literal_prefix();
        const auto differ = std::mismatch(common.begin(), common.end(), other.begin(), other.end());
        common = common.substr(0, std::size_t(differ.first - common.begin()));
    }
    const std::size_t slash = common.rfind('/');
    // "a/b" may be an incomplete level; only the part before it is certain.
    if (slash == std::string_view::npos) return "**";
    return std::string(common.substr(0, slash)) + "/**";
}

}  // namespace

Selection::Selection(std::vector<Pattern> patterns, const std::string& sink_name)
    : patterns_(std::move(patterns)),
      own_prefix_(std::string(tool_prefix) + sink_name + "/@"),
      widest_(widest_of(patterns_)) {
    std::copy_if(patterns_.begin(), patterns_.end(), std::back_inserter(of_tool_),
                 [](const Pattern& one) { return one.literal_first_level() == tool_level; });
}

bool Selection::matches(std::string_view name) const noexcept {
    const bool is_of_tool = name.starts_with(tool_prefix);
    if (is_of_tool && name.starts_with(own_prefix_)) return false;
    const std::vector<Pattern>& patterns = is_of_tool ? of_tool_ : patterns_;
    if (patterns_.size() == 1) return !patterns.empty();
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const Pattern& one) { return one.matches(name); });
}

}  // namespace ringside::kafka
