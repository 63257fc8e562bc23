#pragma once

#include <string>
#include <string_view>

#include "shm/document/value.hpp"

namespace ringside::kafka {

/// Appends the JSON Patch (RFC 6902) of one operation that leads to a document from the one before
/// it, where a single value has been set, or a single member taken away, at `path`.
/// False: that cannot be told, and nothing was appended; an empty path is such.
[[nodiscard]] bool append_json_patch(const Value& document, std::string_view path,
                                     std::string& out);

}  // namespace ringside::kafka
