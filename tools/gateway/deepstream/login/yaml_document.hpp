#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"

namespace ringside::gateway::deepstream {

/// A YAML text as a document.
struct YamlDocument {
    Bytes document;
    std::map<std::string, int, std::less<>> lines;  ///< of the keys at the root, from 1 on
};

/// Parses YAML 1.2 with its core schema (10.3): a plain scalar may be null, true or false, a number
/// or a text. Anchors are followed, and keys are texts. Tags and merge keys ("<<") are refused.
/// Errors: bad_configuration; the detail begins with the line.
[[nodiscard]] Result<YamlDocument> document_from_yaml(const std::string& text);

}  // namespace ringside::gateway::deepstream
