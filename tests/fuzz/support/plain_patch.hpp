#pragma once

#include <optional>

#include "shm/base/errc.hpp"
#include "shm/document/pointer.hpp"
#include "tests/fuzz/support/json_tree.hpp"

/// The patches once more, on plain trees, as their standards tell.
namespace ringside::fuzz {

struct Patched {
    Errc code = Errc::ok;
    Json value;
};

/// Null: the pointer leads nowhere.
const Json* find(const Json& tree, const Pointer& path);

/// Equality as the `test` of a JSON Patch has it: RFC 6902, 4.6.
bool is_equal(const Json& a, const Json& b);

Patched with_set(const Json& tree, const Pointer& path, const Json& value);

/// RFC 7396, section 2.
Json merged(Json target, const Json& patch);

/// RFC 6902. None: it grows beyond what is worth comparing.
std::optional<Patched> patched(const Json& tree, const Json& patch);

}  // namespace ringside::fuzz
