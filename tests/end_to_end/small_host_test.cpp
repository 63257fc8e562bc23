#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/host.hpp"
#include "tests/support/test_grid.hpp"

/// Hosts with few resources: a small or full /dev/shm, few descriptors, little address space. A
/// broker reports this at its start, or serves a grid that is full.
namespace ringside {
namespace {

using testing::Child;
using testing::enter_mounts_of;
using testing::eventually;
using testing::GridFiles;
using testing::is_ready;
using testing::long_enough;
using testing::Process;
using testing::with_shared_memory;

class SmallHost : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = testing::cannot_mount(); !why.empty()) GTEST_SKIP() << why;
    }

    GridFiles files_;
};

/// Writes records until one is refused, and returns the number of accepted ones.
int fill(Client& client) {
    const std::string text = '"' + std::string(16'000, 'x') + '"';
    for (int i = 0;; ++i) {
        const auto put = client.put("r/" + std::to_string(i), text);
        if (put) continue;
        EXPECT_EQ(put.error(), Errc::grid_full);
        return i;
    }
}

TEST_F(SmallHost, LittleSharedMemoryIsUsedForRecords) {
    for (const char* size : {"12m", "20m", "26m", "39m"}) {
        SCOPED_TRACE(size);
        Process broker(with_shared_memory(size, files_.broker()));
        ASSERT_TRUE(is_ready(broker));
        Child user([&] {
            enter_mounts_of(broker.pid());
            Client client = Client::attach({.grid = files_.grid()}).value();
            const int taken = fill(client);
            EXPECT_GT(taken, 100);
            for (int i = 0; i < taken; ++i) client.remove("r/" + std::to_string(i)).value();
            client.compact().value();
            EXPECT_TRUE(client.put("after", "1"));
        });
        EXPECT_TRUE(user.join());
        EXPECT_TRUE(broker.comes_to_say("/dev/shm is full", long_enough));
        EXPECT_EQ(broker.finish(SIGTERM), 0);
    }
}

TEST_F(SmallHost, SharedMemoryThatIsTooSmallIsReportedAtTheStart) {
    for (const char* size : {"4k", "1m", "4m"}) {
        SCOPED_TRACE(size);
        Process broker(with_shared_memory(size, files_.broker()));
        EXPECT_EQ(broker.finish(0), 1);
        const std::string errors = broker.errors();
        EXPECT_NE(errors.find("/dev/shm"), std::string::npos) << errors;
    }
}

TEST_F(SmallHost, FewDescriptorsAreReportedAtTheStart) {
    for (const char* limit : {"8", "16"}) {
        Process broker({"/bin/sh", "-c", std::string("ulimit -n ") + limit + "; exec \"$0\" \"$@\"",
                        built::broker, "--grid", files_.grid()});
        EXPECT_EQ(broker.finish(0), 1);
        const std::string errors = broker.errors();
        EXPECT_NE(errors.find("limit of open files"), std::string::npos) << errors;
    }
    EXPECT_TRUE(files_.segments().empty());
}

TEST_F(SmallHost, LittleAddressSpaceIsReportedAtTheStart) {
#ifdef RINGSIDE_ADDRESS_SANITIZER
    GTEST_SKIP() << "the sanitizer itself needs more address space than these limits";
#endif
    for (const char* limit : {"150000", "250000", "400000"}) {
        SCOPED_TRACE(limit);
        Process broker({"/bin/sh", "-c", std::string("ulimit -v ") + limit + "; exec \"$0\" \"$@\"",
                        built::broker, "--grid", files_.grid(), "--memory", "1GiB"});
        EXPECT_EQ(broker.finish(0), 1);
        EXPECT_NE(broker.errors().find("ringside-broker: "), std::string::npos);
        EXPECT_TRUE(files_.segments().empty()) << "nothing is left behind";
    }
}

}  // namespace
}  // namespace ringside
