#pragma once

#include <string_view>
#include <vector>

namespace ringside::gateway {

/// An element of Accept or Accept-Encoding (RFC 9110, 12.4.2).
struct Weighted {
    std::string_view value;   ///< without parameters: "text/csv", "gzip", "*"
    int weight = weight_max;  ///< the parameter `q` in thousandths; 0 if not acceptable

    static constexpr int weight_max = 1000;
};

/// Parses a list, keeping its order. Empty elements and those with an invalid weight are left out.
/// The values point into `list`.
[[nodiscard]] std::vector<Weighted> weighted_list(std::string_view list);

}  // namespace ringside::gateway
