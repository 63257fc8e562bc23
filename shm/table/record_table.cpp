#include "shm/table/record_table.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ringside::shm {

std::uint64_t hash_name(std::string_view name, std::uint64_t seed) noexcept {
    return XXH3_64bits_withSeed(name.data(), name.size(), seed);
}

}  // namespace ringside::shm
