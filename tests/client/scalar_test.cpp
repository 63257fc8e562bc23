#include "ringside/scalar.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

#include "ringside/record.hpp"

namespace ringside {
namespace {

Document parsed(std::string_view json) { return Document::parse(json).value(); }

constexpr std::int64_t two_to_53 = 9'007'199'254'740'992;

/// Returns values in strictly ascending order.
std::vector<OwnedScalar> in_order() {
    const Document array = parsed("[1]");
    return {Scalar(),
            Scalar::boolean(false),
            Scalar::boolean(true),
            Scalar::real(-std::numeric_limits<double>::max()),
            Scalar::integer(INT64_MIN),
            Scalar::integer(INT64_MIN + 1),
            Scalar::integer(-1),
            Scalar::real(-0.5),
            Scalar::integer(0),
            Scalar::real(0.5),
            Scalar::integer(1),
            Scalar::real(two_to_53),
            Scalar::integer(two_to_53 + 1),
            Scalar::integer(INT64_MAX),
            Scalar::real(9'223'372'036'854'775'808.0),
            Scalar::unsigned_integer((1ULL << 63) + 1),
            Scalar::unsigned_integer(UINT64_MAX),
            Scalar::real(18'446'744'073'709'551'616.0),
            Scalar::string(""),
            Scalar::string("A"),
            Scalar::string("AB"),
            Scalar::string("\xC3\xA9"),
            Scalar::of(array.root())};
}

TEST(Scalar, HasATotalOrder) {
    const auto scalars = in_order();
    for (std::size_t i = 0; i < scalars.size(); ++i) {
        for (std::size_t j = 0; j < scalars.size(); ++j) {
            EXPECT_EQ(scalars[i] <=> scalars[j], i <=> j) << i << " and " << j;
            EXPECT_EQ(scalars[i] == scalars[j], i == j) << i << " and " << j;
        }
    }
}

TEST(Scalar, EqualNumbersOfDifferentTypesHaveOneHash) {
    const std::vector<std::pair<Scalar, Scalar>> equal = {
        {Scalar::integer(1), Scalar::real(1.0)},
        {Scalar::integer(0), Scalar::real(-0.0)},
        {Scalar::integer(-two_to_53), Scalar::real(-static_cast<double>(two_to_53))},
        {Scalar::integer(INT64_MIN), Scalar::real(-9'223'372'036'854'775'808.0)},
        {Scalar::unsigned_integer(1ULL << 63), Scalar::real(9'223'372'036'854'775'808.0)},
        {Scalar::unsigned_integer(7), Scalar::integer(7)},
    };
    for (const auto& [a, b] : equal) {
        EXPECT_EQ(a, b);
        EXPECT_EQ(a.hash(), b.hash()) << to_json(a);
    }
}

TEST(Scalar, ReadsWhatADocumentHolds) {
    const Document document = parsed(
        R"({"b":true,"i":-3,"u":18446744073709551615,"r":1.5,"s":"x","n":null,"a":[1],"o":{}})");
    const auto at = [&](const char* key) { return Scalar::of(document.root()[key]); };
    EXPECT_EQ(at("b").as_bool(), true);
    EXPECT_EQ(at("i").as_int64(), -3);
    EXPECT_EQ(at("u").as_uint64(), UINT64_MAX);
    EXPECT_EQ(at("u").as_int64(), std::nullopt);
    EXPECT_EQ(at("r").as_double(), 1.5);
    EXPECT_EQ(at("s").as_string(), "x");
    EXPECT_TRUE(at("n").is_null());
    EXPECT_TRUE(at("missing").is_null());
    EXPECT_EQ(at("a").as_container().size(), 1U);
    EXPECT_EQ(at("a"), at("o")) << "containers are all equal";
}

TEST(Scalar, OnlyBooleansNumbersAndStringsAreComparable) {
    EXPECT_TRUE(Scalar::integer(1).is_comparable_with(Scalar::real(2)));
    EXPECT_TRUE(Scalar::string("a").is_comparable_with(Scalar::string("b")));
    EXPECT_FALSE(Scalar::string("1").is_comparable_with(Scalar::integer(1)));
    EXPECT_FALSE(Scalar().is_comparable_with(Scalar()));
    const Document object = parsed("{}");
    EXPECT_FALSE(Scalar::of(object.root()).is_comparable_with(Scalar::of(object.root())));
}

TEST(Scalar, NaNIsNull) {
    EXPECT_TRUE(Scalar::real(std::numeric_limits<double>::quiet_NaN()).is_null());
}

TEST(OwnedScalar, OutlivesWhatItWasMadeFrom) {
    std::vector<OwnedScalar> owned;
    {
        const Document document = parsed(R"({"s":"a text that is longer than a string's own room",
                                             "o":{"x":[1,2.0,"y"]},"i":5})");
        for (const char* key : {"s", "o", "i", "missing"}) {
            owned.emplace_back(Scalar::of(document.root()[key]));
        }
    }
    const std::vector<OwnedScalar> copies = owned;
    owned.clear();
    EXPECT_EQ(copies[0].as_string(), "a text that is longer than a string's own room");
    EXPECT_EQ(to_json(copies[1]), R"({"x":[1,2.0,"y"]})");
    EXPECT_EQ(copies[2].as_int64(), 5);
    EXPECT_TRUE(copies[3].is_null());
}

TEST(Scalar, IsWrittenAsJson) {
    EXPECT_EQ(to_json(Scalar()), "null");
    EXPECT_EQ(to_json(Scalar::real(2)), "2.0");
    EXPECT_EQ(to_json(Scalar::string("a\"b")), R"("a\"b")");
    EXPECT_EQ(to_json(Scalar::unsigned_integer(UINT64_MAX)), "18446744073709551615");
}

TEST(Scalar, ValuesChosenToCollideInATableWithoutAKeyDoNotCollide) {
    // Equal in their low 40 bits, as a table would use them.
    std::set<std::size_t> low_bits;
    std::set<std::size_t> high_bits;
    for (std::int64_t i = 0; i < 4096; ++i) {
        const std::size_t hash = Scalar::integer(i << 40).hash();
        low_bits.insert(hash & 0xFFFF);
        high_bits.insert(hash >> 48);
    }
    EXPECT_GT(low_bits.size(), 3500U);
    EXPECT_GT(high_bits.size(), 3500U);
}

TEST(Scalar, InfiniteNumbersAreStringsInJson) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(to_json(Scalar::real(infinity)), R"("Inf")");
    EXPECT_EQ(to_json(Scalar::real(-infinity)), R"("-Inf")");
}

}  // namespace
}  // namespace ringside
