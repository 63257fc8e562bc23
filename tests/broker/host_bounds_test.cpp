#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "broker/config/host_limits.hpp"
#include "broker/daemon/folded_log.hpp"
#include "broker/reactor/admission.hpp"
#include "broker/reactor/engine_wait.hpp"
#include "shm/base/process_start.hpp"
#include "tests/support/temporary_directory.hpp"

/// The values that the broker reads from its host, and the limits that it sets for users.
namespace ringside::broker {
namespace {

using namespace std::chrono_literals;
using daemon::FoldedLog;
using shm::parse_process_start;
using shm::process_start;

// -- Memory limits of control groups -----------------------------------------------------------

class CgroupLimit : public ::testing::Test {
protected:
    CgroupFiles files(const std::string& membership, const std::string& mounts) {
        CgroupFiles made{directory_ / "cgroup", directory_ / "mountinfo"};
        std::ofstream(made.membership) << membership;
        std::ofstream(made.mounts) << mounts;
        return made;
    }
    void limit(const std::string& group, const std::string& file, const std::string& text) {
        std::filesystem::create_directories(directory_ / group);
        std::ofstream(directory_ / (group + "/" + file)) << text << '\n';
    }
    std::string mount(const std::string& root, const std::string& type,
                      const std::string& options) {
        return "30 25 0:26 " + root + " " + directory_.path() + "/fs rw,nosuid shared:4 - " + type +
               " cgroup " + options + "\n";
    }

    testing::TemporaryDirectory directory_;
};

TEST_F(CgroupLimit, IsTheLowestOnThePathInVersionTwo) {
    limit("fs/outer", "memory.max", "2000000");
    limit("fs/outer/inner", "memory.max", "max");
    limit("fs/outer/inner/leaf", "memory.max", "3000000");
    const auto found = cgroup_memory_limit(
        files("0::/outer/inner/leaf\n", mount("/", "cgroup2", "rw,nsdelegate")));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, 2'000'000U);
    EXPECT_NE(found->file.find("outer/memory.max"), std::string::npos);
}

TEST_F(CgroupLimit, IsReadInVersionOne) {
    limit("fs", "memory.limit_in_bytes", "9223372036854771712");
    limit("fs/box", "memory.limit_in_bytes", "268435456");
    const auto found = cgroup_memory_limit(
        files("5:cpu,cpuacct:/elsewhere\n4:memory:/box\n", mount("/", "cgroup", "rw,memory")));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, 268'435'456U);
}

TEST_F(CgroupLimit, IsReadAtTheMountPointOfAContainer) {
    limit("fs", "memory.limit_in_bytes", "268435456");
    const auto found = cgroup_memory_limit(
        files("4:memory:/docker/abc\n", mount("/docker/abc", "cgroup", "rw,memory")));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, 268'435'456U);
}

TEST_F(CgroupLimit, NoLimitIsFoundIfNoneIsSet) {
    limit("fs/box", "memory.max", "max");
    EXPECT_FALSE(cgroup_memory_limit(files("0::/box\n", mount("/", "cgroup2", "rw"))));
    EXPECT_FALSE(cgroup_memory_limit(files("", "")));
    EXPECT_FALSE(cgroup_memory_limit(files("nonsense\n", "nonsense - nonsense\n")));
    EXPECT_FALSE(cgroup_memory_limit({"/nowhere", "/nowhere"}));
}

TEST(SegmentShare, LeavesRoomForTheBrokerItself) {
    EXPECT_EQ(segment_share(0, false), 0U);
    EXPECT_EQ(segment_share(16U << 20, true), 0U);
    for (const std::uint64_t limit : {64ULL << 20, 1ULL << 30, 64ULL << 30}) {
        EXPECT_LE(segment_share(limit, false), limit - (8U << 20));
        EXPECT_LT(segment_share(limit, true), segment_share(limit, false));
        EXPECT_GT(segment_share(limit, true), limit / 4);
    }
}

// -- Processes -----------------------------------------------------------------------------------

TEST(ProcessStart, IsReadBehindWhateverTheProgramIsCalled) {
    const auto line = [&](const std::string& name, const std::string& state,
                          const std::string& flags) {
        // state ppid pgrp session tty tpgid flags, twelve more, start
        return "5 (" + name + ") " + state + " 1 2 3 4 -1 " + flags +
               " 0 0 0 0 0 0 0 0 20 0 9 0 777 1 1";
    };
    EXPECT_EQ(parse_process_start(line("a", "S", "4194304")), 777U);
    EXPECT_EQ(parse_process_start(line("a) R 1 (", "S", "4194304")), 777U);
    EXPECT_EQ(parse_process_start(line("a", "Z", "4194304")), 0U) << "a zombie owns nothing";
    EXPECT_EQ(parse_process_start(line("a", "R", "4194308")), 0U) << "it is exiting";
    EXPECT_EQ(parse_process_start(""), 0U);
    EXPECT_NE(process_start(getpid()), 0U);
    EXPECT_EQ(process_start(getpid()), process_start(getpid()));
}

// -- Users ---------------------------------------------------------------------------------------

TEST(Admission, OldestConnectionOfAUserWithItsShareGivesWay) {
    Admission admission(64);
    EXPECT_EQ(admission.waiting_max(), 16U);
    for (std::uint64_t id = 1; id <= 4; ++id) {
        EXPECT_FALSE(admission.to_give_way(7));
        admission.connected(id, 7);
    }
    EXPECT_EQ(admission.to_give_way(7), 1U);
    EXPECT_FALSE(admission.to_give_way(8)) << "another user has its own share";
    admission.greeted(1, 7);
    EXPECT_FALSE(admission.to_give_way(7));
}

TEST(Admission, UserWithMostConnectionsGivesWayWhenAllAreTaken) {
    Admission admission(64);
    std::uint64_t id = 0;
    for (std::uint32_t user = 1; user <= 5; ++user) {
        for (int i = 0; i < (user == 3 ? 4 : 3); ++i) admission.connected(++id, user);
    }
    EXPECT_EQ(id, 16U);
    EXPECT_EQ(admission.to_give_way(99), 7U) << "the oldest of user 3";
}

TEST(Admission, SessionsAreSharedBetweenUsersAndTheLastAreForAdmins) {
    const Admission::Sessions limits{32, 16};
    const auto outcome = [&](shm::Role role, std::size_t in_use, std::size_t of_user) {
        return Admission::check_session(limits, role, in_use, of_user).has_value();
    };
    EXPECT_TRUE(outcome(shm::Role::reader, 15, 15));
    EXPECT_FALSE(outcome(shm::Role::reader, 16, 16));
    EXPECT_TRUE(outcome(shm::Role::admin, 16, 16));
    EXPECT_TRUE(outcome(shm::Role::reader, 29, 1));
    EXPECT_FALSE(outcome(shm::Role::reader, 30, 1));
    EXPECT_TRUE(outcome(shm::Role::admin, 31, 31));
    EXPECT_FALSE(outcome(shm::Role::admin, 32, 0));
}

TEST(FoldedLog, WritesOneLineOfAKindInAnInterval) {
    std::vector<std::string> lines;
    FoldedLog log([&](FoldedLog::Level, const std::string& line) { lines.push_back(line); }, 10s);
    const FoldedLog::Clock::time_point began{};
    for (int i = 0; i < 1000; ++i) {
        log.line(FoldedLog::Level::info, "refused", std::to_string(i), began + 1ms * i);
    }
    log.line(FoldedLog::Level::info, "late", "x", began + 2s);
    EXPECT_EQ(lines, (std::vector<std::string>{"refused: 0", "late: x"}));
    log.flush(began + 9s);
    EXPECT_EQ(lines.size(), 2U);
    log.flush(began + 10s);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines.back(), "refused: 999 more since the previous line; latest: 999");
    log.flush(began + 100s);
    EXPECT_EQ(lines.size(), 3U) << "nothing has happened since";
    log.line(FoldedLog::Level::info, "refused", "again", began + 101s);
    EXPECT_EQ(lines.back(), "refused: again");
    log.line(FoldedLog::Level::info, "refused", "at the end", began + 102s);
    log.finish();
    EXPECT_EQ(lines.back(), "refused: 1 more since the previous line; latest: at the end");
}

// -- The engine's sleep --------------------------------------------------------------------------

TEST(EngineWait, WorkThatCouldNotBeDoneDoesNotKeepItAwake) {
    const std::uint64_t now = 1'000'000;
    constexpr std::uint64_t never = ~0ULL;
    EXPECT_EQ(engine_wait_ms(now, never, now, false, 100), 100U);
    EXPECT_EQ(engine_wait_ms(now, now + 30, now, false, 100), 30U);
    EXPECT_EQ(engine_wait_ms(now, now + 30, now, true, 100), 1U);
    // Due since the last turn, which did not process it.
    EXPECT_EQ(engine_wait_ms(now + 5, now + 1, now, false, 100), 1U);
    // Due before the last turn, which could not process it.
    EXPECT_EQ(engine_wait_ms(now + 1, now - 1, now, false, 100), 10U);
    EXPECT_EQ(engine_wait_ms(now + 1, now - 1'000, now, true, 100), 1U);
}

}  // namespace
}  // namespace ringside::broker
