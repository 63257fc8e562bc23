#pragma once

#include <optional>
#include <string_view>

#include "tools/gateway/embed/embedded_files.hpp"

namespace ringside::gateway {

/// `Content-Security-Policy` of the console's responses. Excludes content of other origins, scripts
/// and styles in the page itself, and frames around it.
inline constexpr std::string_view console_security_policy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'";

/// The file of the console at this path of a request: `/`, or one below `/console/`.
[[nodiscard]] std::optional<StaticFile> console_file(std::string_view path) noexcept;

}  // namespace ringside::gateway
