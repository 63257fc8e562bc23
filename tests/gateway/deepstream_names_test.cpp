#include <gtest/gtest.h>

#include <set>
#include <string>

#include "shm/name/name.hpp"
#include "tools/gateway/deepstream/names.hpp"

namespace ringside::gateway::deepstream {
namespace {

TEST(DeepstreamNames, GridNamesAreUnchanged) {
    for (const std::string name :
         {"a", "event/42/seat/A-12", "ä/日本", "50%", "a$b", "x y", "%2g"}) {
        EXPECT_EQ(to_grid_name(name), name);
        EXPECT_EQ(from_grid_name(name), name);
    }
}

TEST(DeepstreamNames, InvalidBytesAreEncodedInDigits) {
    EXPECT_EQ(to_grid_name("/a"), "%2Fa");
    EXPECT_EQ(to_grid_name("a/"), "a%2F");
    EXPECT_EQ(to_grid_name("a//b"), "a/%2Fb");
    EXPECT_EQ(to_grid_name("a*b"), "a%2Ab");
    EXPECT_EQ(to_grid_name("$sys/a"), "%24sys/a");
    EXPECT_EQ(to_grid_name("a\nb"), "a%0Ab");
    EXPECT_EQ(to_grid_name("a\u009Bb"), "a%C2%9Bb");
    EXPECT_EQ(to_grid_name("\u00A0\u00DB"), "\u00A0\u00DB");
    EXPECT_EQ(to_grid_name("%2F"), "%252F");
    EXPECT_EQ(to_grid_level("a/b"), "a%2Fb");
}

TEST(DeepstreamNames, EveryNameComesBack) {
    const std::string alphabet = "/%2F*$a\x01";
    // All texts of four characters.
    std::set<std::string> met;
    for (std::size_t n = 0;
         n < alphabet.size() * alphabet.size() * alphabet.size() * alphabet.size(); ++n) {
        std::string name;
        for (std::size_t left = n, i = 0; i < 4; ++i, left /= alphabet.size()) {
            name += alphabet[left % alphabet.size()];
        }
        const std::string grid_name = to_grid_name(name);
        EXPECT_TRUE(check_name(grid_name)) << grid_name;
        EXPECT_FALSE(is_reserved(grid_name));
        EXPECT_EQ(from_grid_name(grid_name), name);
        EXPECT_TRUE(met.insert(grid_name).second) << grid_name << " stands for two names";
        EXPECT_EQ(from_grid_name(to_grid_level(name)), name);
        EXPECT_EQ(to_grid_level(name).find('/'), std::string::npos);
    }
}

}  // namespace
}  // namespace ringside::gateway::deepstream
