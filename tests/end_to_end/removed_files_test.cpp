#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "tests/support/host.hpp"
#include "tests/support/test_grid.hpp"

/// Files of a running grid that are removed by another process.
namespace ringside {
namespace {

using testing::eventually;
using testing::GridFiles;
using testing::is_ready;
using testing::long_enough;
using testing::Process;

TEST(RemovedFiles, SecondBrokerIsRefusedWithoutTheLockFileToo) {
    const GridFiles files;
    Process first(files.broker());
    ASSERT_TRUE(is_ready(first));
    Client client = Client::attach({.grid = files.grid()}).value();
    ASSERT_EQ(unlink(files.paths().lock_path.c_str()), 0);
    for (const std::vector<std::string>& how :
         {std::vector<std::string>{}, {"--take-over"}, {"--standby"}}) {
        Process second(files.broker(how));
        EXPECT_EQ(second.finish(0), 1);
        const std::string errors = second.errors();
        EXPECT_NE(errors.find("pid " + std::to_string(first.pid())), std::string::npos) << errors;
    }
    EXPECT_TRUE(client.put("a", "1"));
    EXPECT_TRUE(Client::attach({.grid = files.grid()}));
    EXPECT_EQ(first.finish(SIGTERM), 0);
}

/// The header names the owner even if a reader's lock prevents the write lock.
TEST(RemovedFiles, LockOfAReaderDoesNotHideTheOwnerNorKeepTheNextOneAway) {
    const GridFiles files;
    Process first(files.broker());
    ASSERT_TRUE(is_ready(first));
    first.finish(SIGKILL);
    const Descriptor reader(open(files.segment().c_str(), O_RDONLY | O_CLOEXEC));
    struct flock lock {};
    lock.l_type = F_RDLCK;
    ASSERT_EQ(fcntl(reader.get(), F_OFD_SETLK, &lock), 0);
    Process second(files.broker());
    ASSERT_TRUE(is_ready(second));
    ASSERT_EQ(unlink(files.paths().lock_path.c_str()), 0);
    Process third(files.broker());
    EXPECT_EQ(third.finish(0), 1);
    EXPECT_EQ(second.finish(SIGTERM), 0);
}

TEST(RemovedFiles, SocketIsBoundAgain) {
    const GridFiles files;
    Process broker(files.broker());
    ASSERT_TRUE(is_ready(broker));
    ASSERT_EQ(unlink(files.paths().socket_path.c_str()), 0);
    EXPECT_TRUE(broker.comes_to_say("bound again", long_enough));
    EXPECT_TRUE(Client::attach({.grid = files.grid(), .timeout = long_enough}));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST(RemovedFiles, SegmentWithoutANameIsReportedAndItsSuccessorKeepsItsFiles) {
    const GridFiles files;
    Process broker(files.broker());
    ASSERT_TRUE(is_ready(broker));
    Client client = Client::attach({.grid = files.grid()}).value();
    ASSERT_EQ(unlink(files.segment().c_str()), 0);
    EXPECT_TRUE(broker.comes_to_say("was removed or replaced", long_enough));
    EXPECT_TRUE(client.put("a", "1")) << "attached clients continue";
    ASSERT_EQ(unlink(files.paths().lock_path.c_str()), 0);
    Process next(files.broker());
    ASSERT_TRUE(is_ready(next));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    EXPECT_EQ(access(files.segment().c_str(), F_OK), 0);
    EXPECT_EQ(access(files.paths().lock_path.c_str(), F_OK), 0);
    EXPECT_TRUE(Client::attach({.grid = files.grid()}));
    EXPECT_EQ(next.finish(SIGTERM), 0);
}

}  // namespace
}  // namespace ringside
