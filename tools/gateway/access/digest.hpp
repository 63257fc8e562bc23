#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ringside::gateway {

/// SHA-256 (FIPS 180-4). Secrets are compared by their digests, so that the time of a lookup
/// reveals nothing about them.
using Digest = std::array<unsigned char, 32>;

/// Cost: below a microsecond for a token.
[[nodiscard]] Digest digest_of(std::string_view bytes);

/// Returns lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const Digest& digest);

/// The bits of a digest are uniformly distributed, so any part of it serves as a hash.
struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept {
        std::size_t hash = 0;
        std::memcpy(&hash, digest.data(), sizeof hash);
        return hash;
    }
};

}  // namespace ringside::gateway
