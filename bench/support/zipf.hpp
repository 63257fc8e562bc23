#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace ringside::bench {

/// Indices below `count`, the k-th most frequent with a probability of 1 / k^0.99, as in YCSB (Gray
/// et al., "Quickly generating billion-record synthetic databases", 1994). The frequent ones are
/// spread over the whole range.
[[nodiscard]] inline std::vector<std::uint32_t> zipf_indices(std::size_t count, std::size_t samples,
                                                             std::uint64_t seed) {
    constexpr double theta = 0.99;
    const auto n = static_cast<double>(count);
    double zeta = 0;
    for (std::size_t k = 1; k <= count; ++k) zeta += std::pow(static_cast<double>(k), -theta);
    const double zeta_of_two = 1 + std::pow(0.5, theta);
    const double alpha = 1 / (1 - theta);
    const double eta = (1 - std::pow(2 / n, 1 - theta)) / (1 - zeta_of_two / zeta);
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> uniform;
    std::vector<std::uint32_t> indices(samples);
    for (auto& index : indices) {
        const double u = uniform(random);
        double rank = n * std::pow(eta * u - eta + 1, alpha);
        if (u * zeta < 1) rank = 0;
        else if (u * zeta < zeta_of_two) rank = 1;
        // A prime above every count: each rank has a unique index.
        index =
            static_cast<std::uint32_t>(static_cast<std::uint64_t>(rank) * 2'654'435'761 % count);
    }
    return indices;
}

}  // namespace ringside::bench
