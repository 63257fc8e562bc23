#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"

namespace ringside::gateway::deepstream {

/// What a YAML text says, as a document.
struct YamlDocument {
    Bytes document;
    std::map<std::string, int, std::less<>> lines;  ///< of the keys at the root; the first is 1
};

/// Reads YAML 1.2 with its core schema (10.3): what is not in quotes may be null, true or false, a
/// number or a text. Anchors are followed; keys are texts; tags and merge keys ("<<") are not
/// taken.
/// Errors: bad_configuration; the detail begins with the line.
[[nodiscard]] Result<YamlDocument> document_from_yaml(const std::string& text);

}  // namespace ringside::gateway::deepstream
