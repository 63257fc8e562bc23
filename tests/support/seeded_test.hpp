#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace ringside::testing {

/// Time factor for runs that are slowed down by a sanitizer.
#if defined(RINGSIDE_ADDRESS_SANITIZER) || defined(RINGSIDE_THREAD_SANITIZER)
inline constexpr int patience = 6;
#else
inline constexpr int patience = 2;
#endif

/// Chooses the seed of a random test: RINGSIDE_SEED, to replay a run, or a random one.
inline std::uint64_t choose_seed() {
    if (const char* value = std::getenv("RINGSIDE_SEED")) return std::strtoull(value, nullptr, 0);
    return std::random_device{}();
}

/// Random numbers for one thread or process of a test. Reproducible from the seed and the number.
class Random {
public:
    Random(std::uint64_t seed, std::uint64_t number)
        : engine_(seed * 0x9e3779b97f4a7c15 + number) {}

    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + below(most - least + 1);
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    std::uint64_t word() { return engine_(); }

private:
    std::mt19937_64 engine_;
};

/// A test with a seed. Every failure prints the seed.
class SeededTest : public ::testing::Test {
protected:
    [[nodiscard]] Random random(std::uint64_t number) const { return {seed, number}; }

    const std::uint64_t seed = choose_seed();

private:
    ::testing::ScopedTrace trace_{__FILE__, __LINE__,
                                  "replay with RINGSIDE_SEED=" + std::to_string(seed)};
};

}  // namespace ringside::testing
