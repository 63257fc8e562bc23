#pragma once

#include <string>

namespace ringside::kafka {

/// A name for this run of a source or sink that no other has: processes in different containers
/// may have the same number.
std::string make_member();

}  // namespace ringside::kafka
