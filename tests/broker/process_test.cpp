#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <thread>

#include "shm/wait/futex.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

/// The broker as a process: its output, the files that it leaves, and what it refuses.
namespace ringside::broker {
namespace {

using testing::eventually;
using testing::LaneClient;
using testing::Process;
using testing::RawClient;

/// A unique grid name, whose files are removed at the end.
struct Name {
    Name() {
        static std::atomic<int> count = 0;
        grid = "process-" + std::to_string(getpid()) + "-" + std::to_string(++count);
        paths = shm::GridPaths::of(grid).value();
        config = ::testing::TempDir() + grid + ".toml";
    }
    ~Name() {
        for (const std::string& path : {paths.segment_path, paths.lock_path, paths.socket_path,
                                        config, paths.segment_path + ".damaged"}) {
            unlink(path.c_str());
        }
    }
    Name(const Name&) = delete;
    Name& operator=(const Name&) = delete;

    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const {
        std::vector<std::string> words{built::broker, "--grid", grid, "--memory", "16MiB"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    [[nodiscard]] std::size_t left_behind() const {
        std::size_t count = 0;
        for (const std::string& path : {paths.segment_path, paths.lock_path, paths.socket_path}) {
            if (access(path.c_str(), F_OK) == 0) ++count;
        }
        return count;
    }

    std::string grid;
    shm::GridPaths paths;
    std::string config;
};

bool is_ready(Process& broker) { return broker.read_line().rfind("ready ", 0) == 0; }

TEST(BrokerProcess, ReadyLineNamesTheGrid) {
    const Name name;
    Process broker(name.command());
    EXPECT_EQ(broker.read_line(), "ready grid=" + name.grid +
                                      " pid=" + std::to_string(broker.pid()) +
                                      " memory=16777216 socket=" + name.paths.socket_path);
    const auto segment = shm::Segment::open(name.grid);
    ASSERT_TRUE(segment) << segment.error().text();
    EXPECT_EQ(segment->header().broker.broker_pid.load(), static_cast<std::uint32_t>(broker.pid()));
    struct stat file {};
    ASSERT_EQ(stat(name.paths.segment_path.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0640U);
}

TEST(BrokerProcess, SignalEndsItInOrder) {
    for (const int signal : {SIGTERM, SIGINT}) {
        const Name name;
        Process broker(name.command());
        ASSERT_TRUE(is_ready(broker));
        const auto segment = shm::Segment::open(name.grid).value();
        RawClient client(name.grid);
        ASSERT_TRUE(client.attach());
        EXPECT_EQ(broker.finish(signal), 0);
        EXPECT_EQ(name.left_behind(), 0U);
        EXPECT_EQ(segment.header().broker.state.load(),
                  static_cast<std::uint32_t>(shm::GridState::stopped));
        const auto goodbye = client.receive<shm::Goodbye>();
        ASSERT_TRUE(goodbye);
        EXPECT_EQ(static_cast<Errc>(goodbye->error), Errc::connection_lost);
        EXPECT_NE(broker.errors().find("ended"), std::string::npos);
    }
}

TEST(BrokerProcess, NotifiesTheServiceManagerWhenItServes) {
    const Name name;
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An abstract name needs no file. "@" stands for its leading zero.
    const std::string path = "@ringside-notify-" + std::to_string(getpid());
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    address.sun_path[0] = '\0';
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), bytes), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    Process broker(name.command());
    unsetenv("NOTIFY_SOCKET");
    ASSERT_TRUE(is_ready(broker));
    const auto receive = [&] {
        pollfd waiting{socket.get(), POLLIN, 0};
        char text[512] = {};
        if (poll(&waiting, 1, 10'000) != 1) return std::string("nothing");
        static_cast<void>(recv(socket.get(), text, sizeof text - 1, 0));
        return std::string(text);
    };
    const std::string ready = receive();
    EXPECT_NE(ready.find("READY=1"), std::string::npos) << ready;
    EXPECT_NE(ready.find("MAINPID=" + std::to_string(broker.pid())), std::string::npos) << ready;
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    EXPECT_EQ(receive(), "STOPPING=1");
}

TEST(BrokerProcess, SecondBrokerOfAGridIsRefused) {
    const Name name;
    Process first(name.command());
    ASSERT_TRUE(is_ready(first));
    Process second(name.command());
    EXPECT_EQ(second.read_line(), "");
    EXPECT_EQ(second.finish(0), 1);
    const std::string errors = second.errors();
    EXPECT_NE(errors.find(std::to_string(first.pid())), std::string::npos) << errors;
    RawClient client(name.grid);
    EXPECT_TRUE(client.attach()) << "the first one goes on";
    EXPECT_EQ(first.finish(SIGTERM), 0);
}

TEST(BrokerProcess, OneOfManyBrokersStartedAtOnceServes) {
    for (int round = 0; round < 10; ++round) {
        const Name name;
        std::vector<std::unique_ptr<Process>> brokers;
        for (int i = 0; i < 4; ++i) brokers.push_back(std::make_unique<Process>(name.command()));
        std::size_t serving = 0;
        for (auto& broker : brokers) {
            if (is_ready(*broker)) ++serving;
        }
        EXPECT_EQ(serving, 1U);
        std::size_t in_order = 0;
        for (auto& broker : brokers) {
            if (broker->finish(SIGTERM) == 0) ++in_order;
        }
        EXPECT_EQ(in_order, 1U);
        EXPECT_EQ(name.left_behind(), 0U);
    }
}

TEST(BrokerProcess, NextBrokerContinuesAfterAKill) {
    const Name name;
    auto first = std::make_unique<Process>(name.command());
    ASSERT_TRUE(is_ready(*first));
    const auto segment = shm::Segment::open(name.grid).value();
    const shm::Header& header = segment.header();
    const Revision before = header.commit.published.load();
    EXPECT_EQ(header.horizon.generation.load(), 1U);
    // A waiter sleeps on the grid, and the next broker wakes it.
    std::atomic<bool> is_woken = false;
    std::thread sleeper([&] {
        const shm::HalfWord& word = shm::low_half(header.commit.published);
        while (header.commit.published.load() == before) {
            if (shm::futex_wait_for(word, static_cast<std::uint32_t>(before), testing::soon) ==
                shm::WaitOutcome::timed_out) {
                return;
            }
        }
        is_woken = true;
    });
    EXPECT_EQ(first->finish(SIGKILL), -1);
    EXPECT_EQ(name.left_behind(), 3U);
    Process second(name.command());
    EXPECT_TRUE(is_ready(second));
    sleeper.join();
    EXPECT_TRUE(is_woken);
    EXPECT_EQ(header.broker.state.load(), static_cast<std::uint32_t>(shm::GridState::serving));
    EXPECT_EQ(header.horizon.generation.load(), 2U);
    EXPECT_EQ(header.broker.broker_pid.load(), static_cast<std::uint32_t>(second.pid()));
    EXPECT_EQ(shm::Segment::open(name.grid)->view().identity().boot_id,
              segment.view().identity().boot_id);
    RawClient client(name.grid);
    EXPECT_TRUE(client.attach());
    EXPECT_EQ(second.finish(SIGTERM), 0);
    EXPECT_EQ(name.left_behind(), 0U);
}

TEST(BrokerProcess, FileInPlaceOfTheSegmentIsReplaced) {
    for (const std::string& content :
         {std::string(), std::string("nonsense"), std::string(16U << 20, '\xff'),
          std::string(16U << 20, '\0')}) {
        const Name name;
        std::ofstream(name.paths.segment_path) << content;
        Process broker(name.command());
        EXPECT_TRUE(is_ready(broker)) << content.size();
        EXPECT_TRUE(shm::Segment::open(name.grid));
        EXPECT_EQ(broker.finish(SIGTERM), 0);
    }
}

TEST(BrokerProcess, BadOptionsEndItWithStatusTwo) {
    const Name name;
    std::ofstream(name.config) << "grid = 'x'\ncolour = 'red'\n";
    for (const std::vector<std::string>& more : {std::vector<std::string>{"--memory", "1MB"},
                                                 {"--memory", "1MiB"},
                                                 {"--nonsense"},
                                                 {"--ring-entries", "1000"},
                                                 {"--config", name.config}}) {
        Process broker(name.command(more));
        EXPECT_EQ(broker.read_line(), "");
        EXPECT_EQ(broker.finish(0), 2) << more[0];
        EXPECT_NE(broker.errors(), "") << more[0];
        EXPECT_EQ(name.left_behind(), 0U) << more[0];
    }
}

TEST(BrokerProcess, LogGoesToTheFileThatIsNamed) {
    const Name name;
    const std::string log = ::testing::TempDir() + name.grid + ".log";
    Process broker(name.command({"--log-file", log}));
    ASSERT_TRUE(is_ready(broker));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    EXPECT_EQ(broker.errors(), "");
    std::ifstream file(log);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_NE(text.find(name.grid), std::string::npos);
    unlink(log.c_str());
}

TEST(BrokerProcess, RolesOfTheFileHold) {
    const auto role_of_own_user = [](const std::string& role, auto&& check) {
        const Name name;
        std::ofstream(name.config) << "[[role]]\nuser = " << geteuid() << "\nrole = '" << role
                                   << "'\npatterns = ['mine/**']\n";
        Process broker(name.command({"--config", name.config}));
        ASSERT_TRUE(is_ready(broker));
        RawClient client(name.grid);
        check(client);
        EXPECT_EQ(broker.finish(SIGTERM), 0);
    };
    const auto put = [](RawClient& client, std::string_view record) {
        const bool is_attached = client.memory().base() != nullptr || client.attach();
        if (!is_attached) return Errc::no_broker;
        const std::uint32_t index = client.memory().control().lanes_open;
        LaneClient lane(client.memory(), index);
        client.memory().control().lanes_open = index + 1;
        EXPECT_TRUE(lane.put(record, "1"));
        client.ring();
        std::optional<testing::Answer> answer;
        EXPECT_TRUE(eventually([&] { return (answer = lane.take()).has_value(); }));
        return answer ? answer->error : Errc::no_broker;
    };
    role_of_own_user("reader", [&](RawClient& client) {
        EXPECT_EQ(put(client, "mine/a"), Errc::permission_denied);
    });
    role_of_own_user("writer", [&](RawClient& client) {
        EXPECT_EQ(put(client, "mine/a"), Errc::ok);
        EXPECT_EQ(put(client, "yours/a"), Errc::permission_denied);
    });
    role_of_own_user("none", [&](RawClient& client) {
        ASSERT_TRUE(client.say(RawClient::hello()));
        const auto answer = client.receive<shm::Welcome>();
        ASSERT_TRUE(answer);
        EXPECT_EQ(static_cast<Errc>(answer->error), Errc::permission_denied);
    });
}

}  // namespace
}  // namespace ringside::broker
