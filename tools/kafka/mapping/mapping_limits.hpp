#pragma once

#include <cstddef>

#include "shm/base/limits.hpp"

/// What a mapping may have at most. Every one is checked when the configuration is read:
/// Errc::bad_configuration.
namespace ringside::kafka::mapping_limits {

inline constexpr std::size_t rules_max = 64;         ///< of a topic
inline constexpr std::size_t conditions_max = 64;    ///< of a rule
inline constexpr std::size_t constants_max = 1024;   ///< in one list
inline constexpr std::size_t placeholders_max = 64;  ///< of a template
inline constexpr std::size_t template_bytes_max = 4096;
inline constexpr std::size_t shape_paths_max = 1024;  ///< of a rule, in each of include … set
inline constexpr std::size_t path_members_max = limits::depth_max;
inline constexpr std::size_t path_bytes_max = limits::pointer_bytes_max;
inline constexpr std::size_t expression_bytes_max = 1024;         ///< of a regular expression
inline constexpr std::size_t expression_memory_bytes = 1U << 20;  ///< that it may take, compiled

/// So much of a message's text is shown in an error; the rest is cut off.
inline constexpr std::size_t shown_bytes_max = 64;

}  // namespace ringside::kafka::mapping_limits
