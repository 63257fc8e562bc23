#include "shm/base/keyed_hash.hpp"

#include <algorithm>
#include <array>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ringside {

namespace {

using HashSecret = std::array<std::uint32_t, XXH3_SECRET_DEFAULT_SIZE / sizeof(std::uint32_t)>;

HashSecret make_hash_secret() {
    HashSecret secret{};
    std::random_device device;
    std::generate(secret.begin(), secret.end(), [&] { return device(); });
    return secret;
}

std::uint64_t hash_with_secret(const void* bytes, std::size_t size) noexcept {
    static const HashSecret secret = make_hash_secret();
    return XXH3_64bits_withSecret(bytes, size, secret.data(), sizeof secret);
}

}  // namespace

std::uint64_t keyed_hash(std::string_view bytes) noexcept {
    return hash_with_secret(bytes.data(), bytes.size());
}

std::uint64_t keyed_hash(std::uint64_t number) noexcept {
    return hash_with_secret(&number, sizeof number);
}

}  // namespace ringside
