#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/segment/segment.hpp"

namespace ringside::shm {

/// Names that divide those from `begin` up to without `end` ("": up to the last) into parts of
/// about as many records each: at most `parts - 1`, ascending, all within the range. Found in the
/// upper levels of the index, so the parts are uneven where the index is, and few where it is
/// small.
///
/// REQUIRES: as NameIndexCursor. When the pin was revoked, the names may be any texts.
std::vector<std::string> split_names(const SegmentView& segment, std::string_view begin,
                                     std::string_view end, std::size_t parts);

}  // namespace ringside::shm
