#include "tools/gateway/deepstream/login/make_hash.hpp"

#include <fmt/format.h>

#include "tools/gateway/deepstream/login/password_hash.hpp"

namespace ringside::gateway::deepstream {

Result<std::string> make_users_entry(std::string_view password, const HashFlags& flags) {
    if (password.empty()) {
        return Error(Errc::bad_configuration, "no password on standard input");
    }
    const auto hash = PasswordHash::make(flags.algorithm, flags.iterations, flags.key_length);
    if (!hash) return hash.error();
    const auto salt = PasswordHash::make_salt();
    if (!salt) return salt.error();
    return fmt::format(
        "# For [[deepstream.auth]]: type = \"file\", hash = \"{}\", iterations = {}, "
        "key_length = {}\n"
        "username:\n"
        "  password: \"{}\"\n",
        flags.algorithm, flags.iterations, flags.key_length, hash->hash(password, *salt));
}

}  // namespace ringside::gateway::deepstream
