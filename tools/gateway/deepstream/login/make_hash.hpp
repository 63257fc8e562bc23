#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// How `ringside-gateway make-hash` is to hash.
struct HashFlags {
    std::string algorithm = "sha512";
    std::int64_t iterations = 100'000;
    std::int64_t key_length = 64;
};

/// What goes into a users file, and what the configuration has to say of it.
/// Errors: bad_configuration (the flags, or no password), system_error.
[[nodiscard]] Result<std::string> make_users_entry(std::string_view password,
                                                   const HashFlags& flags);

}  // namespace ringside::gateway::deepstream
