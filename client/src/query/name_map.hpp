#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "shm/base/keyed_hash.hpp"

namespace ringside::query {

/// A map by names of records, with lookup without a copy of the name.
template <class T>
using NameMap = boost::unordered_flat_map<std::string, T, TextHash, std::equal_to<>>;

/// The size of an entry in addition to its value: the name and free room.
[[nodiscard]] inline std::size_t entry_bytes(std::string_view name) noexcept {
    return 2 * sizeof(std::string) + (name.size() < sizeof(std::string) / 2 ? 0 : name.size());
}

}  // namespace ringside::query
