#include "shm/document/stored_key.hpp"

#include "shm/base/utf8.hpp"

namespace ringside {

namespace {
constexpr std::string_view stored_nul = "\xC0\x80";
}

bool is_stored_key(std::string_view key) noexcept {
    for (;;) {
        const std::size_t nul = key.find(stored_nul);
        if (!is_utf8(key.substr(0, nul))) return false;
        if (nul == std::string_view::npos) return true;
        key.remove_prefix(nul + stored_nul.size());
    }
}

std::size_t write_plain_key(std::string_view key, char* out) noexcept {
    char* at = out;
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (key.substr(i, 2) == stored_nul) {
            *at++ = '\0';
            ++i;
        } else {
            *at++ = key[i];
        }
    }
    return static_cast<std::size_t>(at - out);
}

}  // namespace ringside
