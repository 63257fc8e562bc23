#pragma once

#include <optional>

#include "shm/base/errc.hpp"
#include "shm/document/pointer.hpp"
#include "tests/fuzz/support/json_tree.hpp"

/// Patches on plain trees, as the standards define them.
namespace ringside::fuzz {

struct Patched {
    Errc code = Errc::ok;
    Json value;
};

/// Returns null if the pointer leads nowhere.
const Json* find(const Json& tree, const JsonPointer& path);

/// Equality as in the `test` of a JSON Patch: RFC 6902, 4.6.
bool is_equal(const Json& a, const Json& b);

Patched with_set(const Json& tree, const JsonPointer& path, const Json& value);

/// RFC 7396, section 2.
Json merged(Json target, const Json& patch);

/// RFC 6902. Returns none if the result becomes too large to compare.
std::optional<Patched> patched(const Json& tree, const Json& patch);

}  // namespace ringside::fuzz
