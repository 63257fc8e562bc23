#pragma once

#include "broker/store/store.hpp"

namespace ringside::broker {

/// Writes the file `STORE` durably. Errors: permission_denied, system_error.
Result<void> write_identity(const std::string& directory, const Store::Identity& identity);

[[nodiscard]] std::uint64_t new_store_id();

}  // namespace ringside::broker
