#pragma once

#include <memory>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway::deepstream {

/// The context in which a table [[deepstream.auth]] is read.
struct LoginContext {
    const tools::TomlFile& file;
    std::shared_ptr<const Authenticator> authenticator;
    bool is_only_method = true;
};

/// Creates the method that a table [[deepstream.auth]] describes. Errors: bad_configuration.
[[nodiscard]] Result<std::unique_ptr<const LoginMethod>> read_login_method(
    const toml::table& table, const LoginContext& context);

}  // namespace ringside::gateway::deepstream
