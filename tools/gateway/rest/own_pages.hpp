#pragma once

#include <optional>

#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// Returns a page of the console, or `/openapi.json`, or none if there is no such page.
[[nodiscard]] std::optional<Response> own_page(const Request& request);

}  // namespace ringside::gateway
