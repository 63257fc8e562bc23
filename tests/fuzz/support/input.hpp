#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "shm/base/types.hpp"

namespace ringside::fuzz {

/// Ends the process if a requirement does not hold: the fuzzer keeps the input.
inline void require(bool holds, const std::string& what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what.c_str());
    std::abort();
}

/// Takes an input apart from its front. Returns zeros and empty texts at its end.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) noexcept : left_(data, size) {}

    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }

    /// Returns an integer, little endian.
    template <class Integer = std::uint8_t>
    Integer number() noexcept {
        Integer value = 0;
        const ByteView bytes = take(sizeof value);
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }

    /// Returns at most this many bytes.
    ByteView take(std::size_t size) noexcept {
        const ByteView taken = left_.first(std::min(size, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }
    ByteView rest() noexcept { return take(left_.size()); }

    /// Returns everything before the next `end`, or the rest.
    std::string_view text_until(char end) noexcept {
        const std::string_view all(reinterpret_cast<const char*>(left_.data()), left_.size());
        const std::size_t size = std::min(all.find(end), all.size());
        static_cast<void>(take(size + 1));
        return all.substr(0, size);
    }
    std::string_view text() noexcept {
        const ByteView all = rest();
        return {reinterpret_cast<const char*>(all.data()), all.size()};
    }

private:
    ByteView left_;
};

/// A copy on the heap, aligned as readers expect and not a byte longer, so that the sanitizer
/// detects reads past its end.
inline Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace ringside::fuzz
