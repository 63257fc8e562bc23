#pragma once

#include <string>

namespace ringside::kafka {

/// Returns a unique name for this run of a source or sink. A process id would not do: processes in
/// different containers may have the same one.
std::string make_member();

}  // namespace ringside::kafka
