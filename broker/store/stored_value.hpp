#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/store/stored_record.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// The header before the document in the value of a record, see `Store`. In store format 1 it ended
/// before `updated_ns`.
struct ValueHeader {
    std::uint64_t checksum = 0;
    std::uint64_t revision = 0;
    std::uint64_t version = 0;
    std::uint64_t expires_ms = 0;
    std::uint64_t updated_ns = 0;
};
static_assert(sizeof(ValueHeader) == 40);

[[nodiscard]] ValueHeader header_of(const StoredRecord& record);

/// Parses the untrusted value of a record. Copies the document to `words`, where it is aligned to
/// 8.
/// Errors: store_damaged (too short, or wrong checksum), with the reason; reserved_name (a record
/// that no store contains); those of `check_name` and `verify_document`.
Result<StoredRecord> read_value(std::string_view name, std::string_view value,
                                std::vector<std::uint64_t>& words);

}  // namespace ringside::broker
