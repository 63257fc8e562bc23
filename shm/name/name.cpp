#include "shm/name/name.hpp"

#include <string>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"

namespace ringside {

namespace {

Error bad(std::string_view what, std::size_t at) {
    return {Errc::bad_name, std::string(what) + " at byte " + std::to_string(at)};
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; }

}  // namespace

Result<void> check_name(std::string_view name) {
    if (name.empty()) return Error(Errc::bad_name, "it is empty");
    if (name.size() > limits::name_bytes_max) {
        return Error(Errc::name_too_long, "it has " + std::to_string(name.size()) + " bytes");
    }
    if (!is_utf8(name)) return Error(Errc::bad_name, "it is not UTF-8");
    char before = '/';
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (is_control(c)) return bad("a control character", i);
        if (c == '*') return bad("a '*', which only patterns may have,", i);
        if (c == '/' && before == '/') return bad("an empty level", i);
        before = c;
    }
    if (before == '/') return bad("an empty level", name.size());
    return {};
}

}  // namespace ringside
