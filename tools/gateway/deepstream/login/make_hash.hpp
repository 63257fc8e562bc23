#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// Options of `ringside-gateway make-hash`.
struct HashFlags {
    std::string algorithm = "sha512";
    std::int64_t iterations = 100'000;
    std::int64_t key_length = 64;
};

/// Returns an entry for a users file and the matching configuration.
/// Errors: bad_configuration (invalid options, or no password), system_error.
[[nodiscard]] Result<std::string> make_users_entry(std::string_view password,
                                                   const HashFlags& flags);

}  // namespace ringside::gateway::deepstream
