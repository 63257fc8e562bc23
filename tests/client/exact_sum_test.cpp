#include "query/exact_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace ringside::query {
namespace {

double sum_of(const std::vector<double>& values) {
    ExactSum sum;
    for (const double value : values) sum.add(value);
    return sum.rounded();
}

TEST(ExactSum, SingleDoubleIsReturnedExactly) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 100'000; ++i) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        ASSERT_EQ(sum_of({value}), value);
    }
    for (const double value :
         {0.0, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::min(),
          std::numeric_limits<double>::max(), 1.0, -0.1}) {
        EXPECT_EQ(sum_of({value}), value);
    }
}

TEST(ExactSum, LosesNothing) {
    EXPECT_EQ(sum_of({1e300, 1, -1e300}), 1);
    EXPECT_EQ(sum_of({1e300, 1e-300, -1e300}), 1e-300);
    EXPECT_EQ(sum_of(std::vector<double>(10, 0.1)), 1.0) << "the nearest to ten times that double";
    EXPECT_EQ(sum_of({9007199254740992.0, 1.0}), 9007199254740992.0) << "ties go to even";
    EXPECT_EQ(sum_of({9007199254740992.0, 1.0, 1e-300}), 9007199254740994.0);
    EXPECT_EQ(sum_of({std::numeric_limits<double>::max(), std::numeric_limits<double>::max()}),
              std::numeric_limits<double>::infinity());
}

TEST(ExactSum, DoesNotDependOnTheOrder) {
    std::mt19937_64 random(5);
    std::vector<double> values;
    std::normal_distribution<double> normal(0, 1e6);
    for (int i = 0; i < 10'000; ++i)
        values.push_back(std::ldexp(normal(random), static_cast<int>(random() % 200) - 100));
    const double expected = sum_of(values);
    for (int i = 0; i < 5; ++i) {
        std::ranges::shuffle(values, random);
        EXPECT_EQ(sum_of(values), expected);
        ExactSum halves[2];
        for (std::size_t at = 0; at < values.size(); ++at) halves[at % 2].add(values[at]);
        halves[0].add(halves[1]);
        EXPECT_EQ(halves[0].rounded(), expected);
    }
}

TEST(ExactSum, AddedValueCanBeSubtracted) {
    ExactSum sum;
    sum.add(0.1);
    sum.add(1e200);
    sum.subtract(1e200);
    EXPECT_EQ(sum.rounded(), 0.1);
    sum.subtract(0.1);
    EXPECT_EQ(sum.rounded(), 0);
}

double mean_of(const std::vector<double>& values) {
    ExactSum sum;
    for (const double value : values) sum.add(value);
    return sum.quotient(values.size());
}

TEST(ExactSum, MeanOfNumbersNearTheLargestDoubleIsFinite) {
    constexpr double largest = std::numeric_limits<double>::max();
    EXPECT_EQ(mean_of({1.7e308, 1.7e308}), 1.7e308);
    EXPECT_EQ(mean_of({largest, largest, largest}), largest);
    EXPECT_EQ(mean_of({-largest, -largest}), -largest);
    EXPECT_EQ(mean_of({largest, -largest, 3.0}), 1.0);
}

TEST(ExactSum, MeanIsRoundedOnce) {
    constexpr double least = std::numeric_limits<double>::denorm_min();
    EXPECT_EQ(mean_of({least, 0.0}), 0.0) << "half of the least double: ties go to even";
    EXPECT_EQ(mean_of({least, least, 0.0}), least);
    EXPECT_EQ(mean_of({3 * least, 0.0}), 2 * least);
    EXPECT_EQ(mean_of({1.0, 1.0, 0.0}), 2.0 / 3.0);
    // In two steps, 9007199254740995 / 3 = 3002399751580331.67 would be that of ...996 / 3.
    EXPECT_EQ(mean_of({9007199254740992.0, 2.0, 1.0}), 3002399751580331.5);
    std::mt19937_64 random(9);
    for (int i = 0; i < 10'000; ++i) {
        const auto a = static_cast<double>(random() >> 12);
        const auto b = static_cast<double>(random() >> 12);
        const auto c = static_cast<double>(random() >> 12);
        ASSERT_EQ(mean_of({a, b, c}),
                  static_cast<double>((static_cast<long double>(a) + b + c) / 3))
            << a << " " << b << " " << c;
    }
}

TEST(ExactSum, TakesIntegersOf128Bits) {
    ExactSum sum;
    sum.add(static_cast<Int128>(INT64_MAX) * 4);
    sum.add(0.5);
    EXPECT_EQ(sum.rounded(), 4 * 9223372036854775808.0);
    sum.add(-static_cast<Int128>(INT64_MAX) * 4);
    EXPECT_EQ(sum.rounded(), 0.5);
    sum.add(static_cast<Int128>(-3));
    EXPECT_EQ(sum.rounded(), -2.5);
}

}  // namespace
}  // namespace ringside::query
