#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// Returns a whole number from `min` to `max`, or none if the parameter is missing. Problem: 400.
[[nodiscard]] Outcome<std::optional<std::uint64_t>> number_parameter(const Request& request,
                                                                     std::string_view name,
                                                                     std::uint64_t min,
                                                                     std::uint64_t max);

/// Returns the value of a parameter that is `true` or `false`. Problem: 400.
[[nodiscard]] Outcome<bool> flag_parameter(const Request& request, std::string_view name,
                                           bool otherwise);

/// Returns 400 for an unknown parameter, so that a misspelt one does not fall back to a default,
/// and for a repeated one that is not `repeatable`.
[[nodiscard]] std::optional<Problem> check_parameters(const Request& request,
                                                      std::initializer_list<std::string_view> known,
                                                      std::string_view repeatable = {});

/// Returns the response to a method that a resource does not support, and to OPTIONS, which asks
/// for the supported ones.
[[nodiscard]] Response other_method(const Request& request, std::string_view allowed);

/// Percent-encodes a text for use as one segment of a path, or as the value of a parameter.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace ringside::gateway
