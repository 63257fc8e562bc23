#pragma once

#include <string>
#include <string_view>

#include "shm/document/value.hpp"

namespace ringside::kafka {

/// Appends a JSON Patch (RFC 6902) of one operation that leads from the previous document to this
/// one, if a single value was set, or a single member removed, at `path`. Returns false, and
/// appends nothing, if the operation is unknown, for example for an empty path.
[[nodiscard]] bool append_json_patch(const Value& document, std::string_view path,
                                     std::string& out);

}  // namespace ringside::kafka
