#pragma once

#include <cstddef>

/// Every bound of deepstream's permission rules.
namespace ringside::gateway::valve_limits {

// Of a rule file. Errc::bad_configuration.
inline constexpr std::size_t file_bytes_max = 1ULL << 20;
inline constexpr std::size_t paths_max = 10'000;  ///< of all sections
inline constexpr std::size_t path_bytes_max = 1024;
inline constexpr std::size_t path_variables_max = 16;
inline constexpr std::size_t expression_bytes_max = 8192;
inline constexpr std::size_t expression_depth_max = 100;     ///< operators within operators
inline constexpr std::size_t cross_references_max = 16;      ///< of an expression
inline constexpr std::size_t cross_reference_depth_max = 3;  ///< one within another

// Of match(…). Errc::bad_configuration where the pattern is written in the rule, else the rule
// fails.
inline constexpr std::size_t pattern_bytes_max = 1024;
inline constexpr std::size_t compiled_pattern_bytes_max = 256ULL << 10;

// Of an evaluation. The rule fails.
inline constexpr std::size_t evaluation_bytes_max = 4ULL << 20;  ///< what the engine takes for it
inline constexpr std::size_t match_subject_bytes_max = 64ULL << 10;
inline constexpr std::size_t matches_max = 1024;  ///< of a pattern with the flag g

}  // namespace ringside::gateway::valve_limits
