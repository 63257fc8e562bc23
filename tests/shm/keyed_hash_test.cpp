#include "shm/base/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ringside {
namespace {

TEST(KeyedHash, IsTheSameForEqualBytesInOneProcess) {
    EXPECT_EQ(keyed_hash(std::string_view("event/42")), keyed_hash(std::string("event/42")));
    EXPECT_EQ(keyed_hash(std::uint64_t{42}), keyed_hash(std::uint64_t{42}));
}

TEST(KeyedHash, CannotBeComputedWithoutTheSecret) {
    for (const std::string& text : {std::string(), std::string("a"), std::string("event/42"),
                                    std::string(100, 'x'), std::string(1000, 'x')}) {
        EXPECT_NE(keyed_hash(text), XXH3_64bits(text.data(), text.size())) << text;
        EXPECT_NE(keyed_hash(text), std::hash<std::string>()(text)) << text;
    }
}

TEST(KeyedHash, SpreadsSimilarTexts) {
    std::set<std::uint64_t> low_bits;
    for (int i = 0; i < 4096; ++i)
        low_bits.insert(keyed_hash("seat/" + std::to_string(i)) & 0xFFFF);
    EXPECT_GT(low_bits.size(), 3500U);
}

}  // namespace
}  // namespace ringside
