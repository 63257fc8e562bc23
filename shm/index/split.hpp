#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/segment/segment.hpp"

namespace ringside::shm {

/// Returns names that divide the range from `begin` (inclusive) to `end` (exclusive; "": no end)
/// into parts with similar numbers of records. At most `parts - 1` names, ascending, all within the
/// range. Uses the upper levels of the index only. So the parts are as uneven as the index, and few
/// if it is small.
///
/// REQUIRES: as NameIndexCursor. If the pin was revoked, the names may be any texts.
std::vector<std::string> split_names(const SegmentView& segment, std::string_view begin,
                                     std::string_view end, std::size_t parts);

}  // namespace ringside::shm
