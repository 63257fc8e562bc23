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
    std::string name{};                  ///< of an event, a call or a record
    std::string data{};                  ///< JSON; empty: none
    std::string path{};                  ///< of a write; empty: it is the whole record
    std::int32_t version = any_version;  ///< of a write
    /// Of a notification and a query; none: everybody is asked for.
    std::optional<std::vector<std::string>> names{};

    /// Error: bad_request; the detail says what is wrong, where deepstream has words for it.
    static Result<Jif> parse(const Value& message);
};

}  // namespace ringside::gateway::deepstream
