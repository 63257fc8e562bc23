#include "shm/name/system_name.hpp"

#include "shm/base/limits.hpp"
#include "shm/name/name.hpp"

namespace ringside::system_name {

namespace {

std::string percent(char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    return {'%', digits[byte >> 4], digits[byte & 15]};
}

std::string escaped(std::string_view pattern) {
    std::string text;
    for (const char c : pattern) text += c == '*' || c == '%' ? percent(c) : std::string(1, c);
    return text;
}

std::string escaped_level(std::string_view pointer) {
    std::string text;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        const char c = pointer[i];
        const bool is_control = find_control_character(pointer.substr(i, 2)) == 0;
        const bool is_special = c == '*' || c == '%' || c == '/' || is_control;
        text += is_special ? percent(c) : std::string(1, c);
        // The second byte of U+0080..U+009F.
        if (is_control && c == '\xC2') text += percent(pointer[++i]);
    }
    return text;
}

std::string of_pattern(std::string_view prefix, std::string_view pattern, SessionId id,
                       std::uint32_t lane) {
    return std::string(prefix) + escaped(pattern) + "/" + std::to_string(id) + "/" +
           std::to_string(lane);
}

}  // namespace

std::string session(SessionId id) { return "$sys/session/" + std::to_string(id); }
std::string presence(std::string_view user) { return "$sys/presence/" + std::string(user); }
std::string provider(std::string_view pattern, SessionId id, std::uint32_t lane) {
    return of_pattern("$sys/rpc/", pattern, id, lane);
}
std::string listener(std::string_view pattern, SessionId id, std::uint32_t lane) {
    return of_pattern("$sys/listen/", pattern, id, lane);
}
std::string provided(std::string_view subject) {
    return std::string(provided_prefix) + std::string(subject);
}

std::string index(std::string_view pattern, std::string_view pointer) {
    return std::string(index_prefix) + escaped(pattern) + "/at:" + escaped_level(pointer);
}

std::optional<std::string_view> subject_of(std::string_view name) noexcept {
    if (!name.starts_with(provided_prefix)) return std::nullopt;
    return name.substr(provided_prefix.size());
}

Result<void> check_user(std::string_view user) {
    if (user.empty()) return {};
    if (user.size() > limits::user_bytes_max - 1) {
        return Error(Errc::bad_user, std::to_string(user.size()) + " bytes");
    }
    if (user.find('/') != std::string_view::npos) {
        return Error(Errc::bad_user, "contains '/'");
    }
    if (auto checked = check_name(user); !checked) {
        return Error(Errc::bad_user, checked.error().detail);
    }
    return {};
}

}  // namespace ringside::system_name
