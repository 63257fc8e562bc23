#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ringside {

/// A hash keyed by a secret of this process (XXH3), for tables whose keys come from outside: nobody
/// can choose keys that collide. Hashes of two processes differ, so no order may depend on them.
/// Thread safety: any thread. Cost: some ns for short keys.
[[nodiscard]] std::uint64_t keyed_hash(std::string_view bytes) noexcept;
[[nodiscard]] std::uint64_t keyed_hash(std::uint64_t number) noexcept;

/// Hashes texts for tables that are searched without a copy of the key.
struct TextHash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view text) const noexcept { return keyed_hash(text); }
};

/// A table by names and other texts that clients choose.
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace ringside
