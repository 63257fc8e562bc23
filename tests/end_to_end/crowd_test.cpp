#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <list>

#include "ringside/client.hpp"
#include "tests/hostile/stranger.hpp"
#include "tests/support/child.hpp"
#include "tests/support/host.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_grid.hpp"

/// Users that connect too often: limits on what they can take from the broker.
namespace ringside {
namespace {

using testing::become;
using testing::Child;
using testing::eventually;
using testing::GridFiles;
using testing::is_ready;
using testing::long_enough;
using testing::Process;
using testing::RawClient;
using testing::stranger;

class Crowd : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = testing::cannot_become_others(); !why.empty()) GTEST_SKIP() << why;
    }

    GridFiles files_;
};

std::size_t descriptors_of(const Process& process) {
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(process.pid()) +
                                                    "/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST_F(Crowd, UserWithoutARoleIsAnsweredBeforeItsGreeting) {
    Process broker(files_.broker());
    ASSERT_TRUE(is_ready(broker));
    Child other([&] {
        become(stranger, stranger);
        RawClient silent(files_.grid());
        const auto answer = silent.receive<shm::Welcome>(long_enough);
        ASSERT_TRUE(answer);
        EXPECT_EQ(static_cast<Errc>(answer->error), Errc::permission_denied);
        EXPECT_TRUE(silent.is_closed_within(long_enough));
    });
    EXPECT_TRUE(other.join());
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Crowd, ClientWithoutARoleLearnsThatItHasNone) {
    const std::string roles = ::testing::TempDir() + files_.grid() + ".toml";
    std::ofstream(roles) << "[[role]]\nuser = " << stranger << "\nrole = 'none'\n";
    Process broker(files_.broker({"--config", roles}));
    ASSERT_TRUE(is_ready(broker));
    Child member([&] {
        become(stranger, getgid());  // can open the segment, but has no role at the broker
        for (int i = 0; i < 50; ++i) {
            EXPECT_EQ(Client::attach({.grid = files_.grid(), .timeout = {}}).error(),
                      Errc::permission_denied);
        }
    });
    EXPECT_TRUE(member.join());
    std::filesystem::remove(roles);
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Crowd, BrokerRaisesItsSoftLimitOfDescriptors) {
    Process broker({"/bin/sh", "-c", "ulimit -S -n 64; exec \"$0\" \"$@\"", built::broker, "--grid",
                    files_.grid()});
    ASSERT_TRUE(is_ready(broker));
    rlimit limit{};
    ASSERT_EQ(prlimit(broker.pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
    EXPECT_GT(limit.rlim_cur, 64U);
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Crowd, SilentConnectionsOfAUserAreBounded) {
    Process broker({"/bin/sh", "-c", "ulimit -n 512; exec \"$0\" \"$@\"", built::broker, "--grid",
                    files_.grid()});
    ASSERT_TRUE(is_ready(broker));
    const std::size_t before = descriptors_of(broker);
    constexpr std::size_t share = 512 / 4 / 4;
    Child crowd([&] {
        become(stranger, getgid());
        std::list<RawClient> silent;
        for (std::size_t i = 0; i < 10 * share; ++i) silent.emplace_back(files_.grid());
        // The oldest connections were closed in favour of the latest ones.
        EXPECT_TRUE(silent.front().is_closed_within(long_enough));
        ::raise(SIGSTOP);
    });
    EXPECT_TRUE(eventually(
        [&] {
            siginfo_t info{};
            return waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
        },
        long_enough));
    EXPECT_LE(descriptors_of(broker), before + share + 8);
    EXPECT_TRUE(Client::attach({.grid = files_.grid()})) << "while they are all connected";
    crowd.signal(SIGCONT);
    EXPECT_TRUE(crowd.join());
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Crowd, OneUserCannotTakeAllSessions) {
    Process broker(files_.broker({"--sessions-max", "16"}));
    ASSERT_TRUE(is_ready(broker));
    Child reader([&] {
        become(stranger, getgid());
        std::list<RawClient> sessions;
        while (sessions.emplace_back(files_.grid()).attach()) ASSERT_LE(sessions.size(), 16U);
        EXPECT_EQ(sessions.size() - 1, 8U);
        ::raise(SIGSTOP);
    });
    EXPECT_TRUE(eventually(
        [&] {
            siginfo_t info{};
            return waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
        },
        long_enough));
    EXPECT_TRUE(Client::attach({.grid = files_.grid()}));
    reader.signal(SIGCONT);
    EXPECT_TRUE(reader.join());
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Crowd, LinesThatStrangersCauseAreFolded) {
    Process broker(files_.broker());
    ASSERT_TRUE(is_ready(broker));
    Child other([&] {
        become(stranger, stranger);
        for (int i = 0; i < 300; ++i) {
            RawClient client(files_.grid());
            ASSERT_TRUE(client.receive<shm::Welcome>(long_enough));
        }
    });
    EXPECT_TRUE(other.join());
    EXPECT_TRUE(broker.comes_to_say("more since the previous line", long_enough));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    const std::string rest = broker.errors();
    EXPECT_LT(std::count(rest.begin(), rest.end(), '\n'), 20);
}

}  // namespace
}  // namespace ringside
