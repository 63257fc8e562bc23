#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "tests/support/host.hpp"
#include "tests/support/memory_group.hpp"
#include "tests/support/test_grid.hpp"

/// A broker in a control group whose memory limit is below `--memory`. The kernel would kill it,
/// and every next broker, because the pages of the segment stay charged to the group.
namespace ringside {
namespace {

using testing::GridFiles;
using testing::MemoryGroup;
using testing::Process;

std::string text_record(int number) { return "group/" + std::to_string(number); }

TEST(BrokerInAMemoryGroup, ServesAFullGridInsteadOfBeingKilled) {
#ifdef RINGSIDE_ADDRESS_SANITIZER
    GTEST_SKIP() << "the sanitizer itself needs more memory than the group has";
#endif
    const MemoryGroup group(128ULL << 20);
    if (!group.exists()) GTEST_SKIP() << "cannot create a control group with a memory limit";
    const GridFiles files("group");
    const std::vector<std::string> command = group.command(
        {built::broker, "--grid", files.grid(), "--memory", "256MiB", "--log-level", "info"});
    const std::string text = '"' + std::string(16'000, 'x') + '"';
    int taken = 0;
    {
        Process broker(command);
        ASSERT_TRUE(testing::is_ready(broker)) << broker.errors();
        EXPECT_TRUE(broker.comes_to_say("is too low for --memory 256 MiB", testing::long_enough));
        Client client = Client::attach({.grid = files.grid()}).value();
        auto put = client.put(text_record(taken), text);
        while (put && taken < 20'000) put = client.put(text_record(++taken), text);
        ASSERT_FALSE(put) << taken << " records of 16 KB do not fit into the group";
        EXPECT_EQ(put.error(), Errc::grid_full);
        EXPECT_GT(taken, 3000);
        EXPECT_TRUE(client.get(text_record(0)));
        EXPECT_TRUE(client.remove(text_record(0)));
        EXPECT_EQ(kill(broker.pid(), 0), 0);
        broker.finish(SIGKILL);
    }
    Process next(command);
    ASSERT_TRUE(testing::is_ready(next)) << next.errors();
    Client client = Client::attach({.grid = files.grid()}).value();
    EXPECT_TRUE(client.get(text_record(taken - 1)));
    EXPECT_EQ(client.get(text_record(0)).error(), Errc::not_found);
    for (int i = 1; i < 100; ++i) EXPECT_TRUE(client.remove(text_record(i)));
    EXPECT_TRUE(client.compact());
    EXPECT_TRUE(client.put("after", "1"));
    EXPECT_EQ(next.finish(SIGTERM), 0);
}

}  // namespace
}  // namespace ringside
