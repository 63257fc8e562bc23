#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/document/value.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"

namespace ringside::gateway::deepstream {

/// A message of the HTTP API (deepstream calls its form "JSON interchange format"). A list is a
/// record.
struct Jif {
    enum class Kind : std::uint8_t { emit, call, read, head, remove, write, notify, query };

    Kind kind = Kind::emit;
    std::string name{};                  ///< of the event, call or record
    std::string data{};                  ///< JSON; empty if none
    std::string path{};                  ///< of a write; empty for the whole record
    std::int32_t version = any_version;  ///< of a write
    /// For a notification and a query. None for all users.
    std::optional<std::vector<std::string>> names{};

    /// Error: bad_request. Its detail uses deepstream's words where they exist.
    static Result<Jif> parse(const Value& message);
};

}  // namespace ringside::gateway::deepstream
