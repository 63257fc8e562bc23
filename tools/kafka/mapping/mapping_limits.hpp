#pragma once

#include <cstddef>

#include "shm/base/limits.hpp"

/// Limits of a mapping, checked when the configuration is read: Errc::bad_configuration.
namespace ringside::kafka::mapping_limits {

inline constexpr std::size_t rules_max = 64;         ///< per topic
inline constexpr std::size_t conditions_max = 64;    ///< per rule
inline constexpr std::size_t constants_max = 1024;   ///< per list
inline constexpr std::size_t placeholders_max = 64;  ///< per template
inline constexpr std::size_t template_bytes_max = 4096;
inline constexpr std::size_t shape_paths_max = 1024;  ///< per rule, in each of include … set
inline constexpr std::size_t path_members_max = limits::depth_max;
inline constexpr std::size_t path_bytes_max = limits::pointer_bytes_max;
inline constexpr std::size_t expression_bytes_max = 1024;         ///< per regular expression
inline constexpr std::size_t expression_memory_bytes = 1U << 20;  ///< of a compiled expression

/// Length at which a message's text is truncated in an error.
inline constexpr std::size_t shown_bytes_max = 64;

}  // namespace ringside::kafka::mapping_limits
