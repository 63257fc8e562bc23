#include <gtest/gtest.h>

#include "broker/engine/grid.hpp"
#include "tests/support/grid_harness.hpp"

/// Limits on the cost of the patches of a commit.
namespace ringside::broker {
namespace {

using testing::GridHarness;
using wire::CommandKind;

/// An object with a large array and many copies of it.
constexpr int copied_elements = 25'000;
std::string with_a_large_array() {
    std::string json = R"({"y":0,"z":[0)";
    for (int i = 1; i < copied_elements; ++i) json += "," + std::to_string(i);
    return json + "]}";
}
std::string copies(int count) {
    std::string json = "[";
    for (int i = 0; i < count; ++i) json += R"({"op":"copy","from":"/z","path":"/y"},)";
    json.back() = ']';
    return json;
}

TEST(GridPatches, APatchThatCopiesTooMuchIsRefusedAndLeavesNothing) {
    GridHarness h({.memory_bytes = 64ULL << 20, .ring_entries = 1024});
    ASSERT_TRUE(h.commit({h.put("a", with_a_large_array())}));
    h.grid.publish();
    const auto refused = h.commit({h.command(CommandKind::json_patch, "a", copies(880))});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error, Errc::patch_too_costly);
    EXPECT_EQ(h.get("a"), with_a_large_array());
    ASSERT_TRUE(h.commit({h.command(CommandKind::json_patch, "a", copies(3))}));
    broker::Survey survey(h.segment.view());
    EXPECT_TRUE(survey.run());
}

TEST(GridPatches, ThePatchesOfATransactionShareABudget) {
    GridHarness h({.memory_bytes = 64ULL << 20, .ring_entries = 1024});
    ASSERT_TRUE(h.commit({h.put("a", with_a_large_array())}));
    const auto patch = [&] { return h.command(CommandKind::json_patch, "a", copies(3)); };
    ASSERT_TRUE(h.commit({patch()}));
    h.grid.publish();
    std::vector<Command> commands{h.put("b", "1")};
    for (int i = 0; i < 200; ++i) commands.push_back(patch());
    const auto refused = h.commit(commands);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error, Errc::patch_too_costly);
    EXPECT_GT(refused.error().command, 1U);
    EXPECT_LT(refused.error().command, 100U);
    h.grid.publish();
    EXPECT_FALSE(h.get("b"));
    EXPECT_TRUE(h.commit({patch()})) << "the next one has a budget of its own";
}

TEST(GridPatches, RefusedPatchReleasesItsPages) {
    GridHarness h({.memory_bytes = 64ULL << 20, .ring_entries = 1024});
    const auto bytes_used = [&] {
        h.grid.publish();
        h.grid.compact();
        return h.counters().heap_bytes_used.load();
    };
    ASSERT_TRUE(h.commit({h.put("a", "1")}));
    const std::uint64_t before = bytes_used();
    ASSERT_TRUE(h.commit({h.put("a", with_a_large_array())}));
    ASSERT_FALSE(h.commit({h.command(CommandKind::json_patch, "a", copies(880))}));
    EXPECT_GT(bytes_used(), before);
    ASSERT_TRUE(h.commit({h.put("a", "2")}));
    EXPECT_EQ(bytes_used(), before);
}

}  // namespace
}  // namespace ringside::broker
