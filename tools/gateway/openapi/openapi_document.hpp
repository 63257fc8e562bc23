#pragma once

#include "tools/gateway/embed/embedded_files.hpp"

namespace ringside::gateway {

/// What the gateway serves, in OpenAPI 3.1: of `/openapi.json`.
[[nodiscard]] const StaticFile& openapi_document() noexcept;

}  // namespace ringside::gateway
