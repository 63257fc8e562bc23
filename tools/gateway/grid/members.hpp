#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/grid/writer.hpp"

/// Members of the JSON objects in requests and messages.
namespace ringside::gateway {

/// Returns 400 if the value is not an object, or has a member that is not listed. If unknown
/// members were ignored, a misspelt `if_absent` would make the write unconditional.
[[nodiscard]] Outcome<void> check_members(const Value& object,
                                          std::initializer_list<std::string_view> known,
                                          std::initializer_list<std::string_view> further = {});

/// Applies `check_members` to a write of a transaction or a WebSocket. `further` lists the members
/// that are allowed in addition to those of the operation.
[[nodiscard]] Outcome<void> check_write_members(const Value& object, Write::Kind kind,
                                                std::initializer_list<std::string_view> further);

/// Makes a condition of at most one of the three. 0 means that the record must be absent. Problem:
/// 400.
[[nodiscard]] Outcome<Condition> condition_from(std::optional<std::uint64_t> version,
                                                std::optional<std::uint64_t> revision,
                                                bool is_absent);

/// The members `if_version`, `if_revision`, `if_absent`, `ttl_ms` and `durable` of an object.
/// Problem: 400.
[[nodiscard]] Outcome<WriteOptions> write_options_of(const Value& object);

/// Returns a member that is written to the grid. Problems: 400; 413 if it exceeds the limits.
[[nodiscard]] Outcome<Document> document_member(const Value& object, std::string_view key,
                                                const DocumentLimits& limits = {});

/// Returns a member that must be a string. Problem: 400.
[[nodiscard]] Outcome<std::string> text_member(const Value& object, std::string_view key);
/// Returns a whole number that is not negative, or none if the member is missing. Problem: 400.
[[nodiscard]] Outcome<std::optional<std::uint64_t>> number_member(const Value& object,
                                                                  std::string_view key);
/// Returns false if the member is missing. Problem: 400.
[[nodiscard]] Outcome<bool> flag_member(const Value& object, std::string_view key);

[[nodiscard]] Problem bad_request(std::string detail);

}  // namespace ringside::gateway
