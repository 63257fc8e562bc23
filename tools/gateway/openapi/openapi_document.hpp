#pragma once

#include "tools/gateway/embed/embedded_files.hpp"

namespace ringside::gateway {

/// Returns the description of the gateway's interface in OpenAPI 3.1, served as `/openapi.json`.
[[nodiscard]] const StaticFile& openapi_document() noexcept;

}  // namespace ringside::gateway
