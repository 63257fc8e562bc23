#include "tools/gateway/access/pattern_overlap.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ringside::gateway {

namespace {

/// Returns whether two sequences with wildcards can expand to the same sequence. A wildcard stands
/// for any number of items. `is_any(item)` returns whether an item is a wildcard, and `fits(left,
/// right)` whether two other items can be equal.
///
/// Works row by row: can[j] is true if the rest of `left` from i and the rest of `right` from j can
/// expand to the same sequence.
template <class Left, class Right, class IsAny, class Fits>
bool can_be_same(const Left& left, const Right& right, IsAny is_any, Fits fits) {
    const std::size_t columns = right.size();
    std::vector<char> can(columns + 1, 0);  // for row i
    std::vector<char> below(columns + 1, 0);
    for (std::size_t i = left.size() + 1; i-- > 0;) {
        std::swap(can, below);
        const bool is_last_row = i == left.size();
        for (std::size_t j = columns + 1; j-- > 0;) {
            const bool is_last_column = j == columns;
            bool here = is_last_row && is_last_column;
            // A wildcard stands for nothing, or for one more item of the other side.
            if (!is_last_row && is_any(left[i])) here = below[j] || (!is_last_column && can[j + 1]);
            if (!here && !is_last_column && is_any(right[j])) {
                here = can[j + 1] || (!is_last_row && below[j]);
            }
            if (!here && !is_last_row && !is_last_column && !is_any(left[i]) && !is_any(right[j])) {
                here = below[j + 1] && fits(left[i], right[j]);
            }
            can[j] = here ? 1 : 0;
        }
    }
    return can[0] != 0;
}

std::vector<std::string_view> levels_of(std::string_view text) {
    std::vector<std::string_view> levels;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        levels.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return levels;
}

bool levels_overlap(std::string_view left, std::string_view right) {
    const bool has_wildcards = left.find('*') != left.npos || right.find('*') != right.npos;
    if (!has_wildcards) return left == right;
    return can_be_same(
        left, right, [](char c) { return c == '*'; }, [](char a, char b) { return a == b; });
}

}  // namespace

bool overlap(const Pattern& left, const Pattern& right) {
    const std::string_view left_begins = left.literal_prefix();
    const std::string_view right_begins = right.literal_prefix();
    const std::size_t both = std::min(left_begins.size(), right_begins.size());
    if (left_begins.substr(0, both) != right_begins.substr(0, both)) return false;
    // A wildcard at the beginning does not match '$'.
    const char left_first = left.text().front();
    const char right_first = right.text().front();
    if ((left_first == '$' && right_first == '*') || (left_first == '*' && right_first == '$')) {
        return false;
    }
    return can_be_same(
        levels_of(left.text()), levels_of(right.text()),
        [](std::string_view level) { return level == "**"; }, levels_overlap);
}

}  // namespace ringside::gateway
