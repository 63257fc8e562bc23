#pragma once

#include <string_view>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// A record as kept in a store. The views are valid until the next record is read.
struct StoredRecord {
    std::string_view name;
    ByteView document;  ///< aligned to 8 when read from the store
    Version version = 0;
    Revision revision = 0;         ///< of the commit that wrote it
    std::uint64_t expires_ms = 0;  ///< Unix time; 0 = never
    std::uint64_t updated_ns = 0;  ///< Unix time of that commit
};

}  // namespace ringside::broker
