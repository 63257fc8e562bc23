#pragma once

#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/document/json.hpp"

namespace ringside::testing {

/// Returns the record's document as JSON, or the name of the error.
inline std::string text_of(const Client& client, std::string_view name) {
    const auto record = client.get(name);
    return record ? to_json(record->document()) : std::string(ringside::name(record.error().code));
}

}  // namespace ringside::testing
