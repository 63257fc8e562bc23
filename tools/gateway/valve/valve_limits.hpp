#pragma once

#include <cstddef>

/// The limits of deepstream's permission rules.
namespace ringside::gateway::valve_limits {

// For a rule file. Errc::bad_configuration.
inline constexpr std::size_t file_bytes_max = 1ULL << 20;
inline constexpr std::size_t paths_max = 10'000;  ///< in all sections
inline constexpr std::size_t path_bytes_max = 1024;
inline constexpr std::size_t path_variables_max = 16;
inline constexpr std::size_t expression_bytes_max = 8192;
inline constexpr std::size_t expression_depth_max = 100;     ///< nested operators
inline constexpr std::size_t cross_references_max = 16;      ///< per expression
inline constexpr std::size_t cross_reference_depth_max = 3;  ///< nested

// For match(…). Errc::bad_configuration for a pattern in the rule; otherwise the rule fails.
inline constexpr std::size_t pattern_bytes_max = 1024;
inline constexpr std::size_t compiled_pattern_bytes_max = 256ULL << 10;

// For an evaluation. Beyond a limit the rule fails.
inline constexpr std::size_t evaluation_bytes_max = 4ULL << 20;  ///< memory of the engine
inline constexpr std::size_t match_subject_bytes_max = 64ULL << 10;
inline constexpr std::size_t matches_max = 1024;  ///< for a pattern with the flag g

}  // namespace ringside::gateway::valve_limits
