#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "ringside/client.hpp"
#include "tests/hostile/stranger.hpp"
#include "tests/support/child.hpp"
#include "tests/support/host.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// SIGHUP reloads settings of a running broker, and SIGPIPE has no effect.
namespace ringside {
namespace {

using testing::become;
using testing::Child;
using testing::eventually;
using testing::GridFiles;
using testing::is_ready;
using testing::long_enough;
using testing::Process;
using testing::stranger;
using testing::TemporaryDirectory;

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Reload : public ::testing::Test {
protected:
    void configure(const std::string& text) {
        std::ofstream(config_) << "log-file = '" << log_ << "'\n" << text;
    }
    /// Sends SIGHUP and waits until the log says `what`.
    [[nodiscard]] bool reload(const Process& broker, const std::string& what) const {
        kill(broker.pid(), SIGHUP);
        return eventually([&] { return content_of(log_).find(what) != std::string::npos; },
                          long_enough);
    }

    GridFiles files_;
    TemporaryDirectory directory_;
    std::string log_ = directory_ / "log";
    std::string config_ = directory_ / "config.toml";
};

TEST_F(Reload, LogFileIsOpenedAgain) {
    configure("");
    Process broker(files_.broker({"--config", config_}));
    ASSERT_TRUE(is_ready(broker));
    std::filesystem::rename(log_, log_ + ".1");
    EXPECT_TRUE(reload(broker, "configuration reloaded"));
    EXPECT_NE(content_of(log_ + ".1").find("serving grid"), std::string::npos);
    EXPECT_EQ(content_of(log_ + ".1").find("configuration reloaded"), std::string::npos);
    EXPECT_TRUE(Client::attach({.grid = files_.grid()}));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Reload, SessionsWhoseRoleHasChangedEndAndOthersStay) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    configure("[[role]]\nuser = 65534\nrole = 'writer'\n");
    Process broker(files_.broker({"--config", config_}));
    ASSERT_TRUE(is_ready(broker));
    Client stays = Client::attach({.grid = files_.grid(), .reconnect = false}).value();
    int to_child[2];
    ASSERT_EQ(pipe(to_child), 0);
    Child writer([&] {
        become(stranger, getgid());
        Client client = Client::attach({.grid = files_.grid()}).value();
        client.put("before", "1").value();
        char go = 0;
        ASSERT_EQ(read(to_child[0], &go, 1), 1);
        EXPECT_TRUE(eventually(
            [&] {
                const auto put = client.put("after", "1");
                return !put && put.error() == Errc::permission_denied;
            },
            long_enough));
        EXPECT_TRUE(client.get("before")) << "as a reader";
    });
    ASSERT_TRUE(eventually([&] { return stays.get("before").has_value(); }, long_enough));
    configure("[[role]]\nuser = 65534\nrole = 'reader'\n");
    EXPECT_TRUE(reload(broker, "1 sessions closed"));
    ASSERT_EQ(write(to_child[1], "x", 1), 1);
    EXPECT_TRUE(writer.join());
    EXPECT_TRUE(stays.put("admin", "1"));
    close(to_child[0]);
    close(to_child[1]);
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Reload, ConfigurationThatCannotBeReadChangesNothing) {
    configure("sessions-max = 2\n");
    Process broker(files_.broker({"--config", config_}));
    ASSERT_TRUE(is_ready(broker));
    configure("sessions-max = 'many'\n");
    EXPECT_TRUE(reload(broker, "not reloaded"));
    const auto first = Client::attach({.grid = files_.grid(), .timeout = {}});
    const auto second = Client::attach({.grid = files_.grid(), .timeout = {}});
    EXPECT_TRUE(first && second);
    EXPECT_EQ(Client::attach({.grid = files_.grid(), .timeout = {}}).error(), Errc::session_limit);
    configure("sessions-max = 3\n");
    EXPECT_TRUE(reload(broker, "at most 3 sessions"));
    EXPECT_TRUE(Client::attach({.grid = files_.grid()}));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(Reload, ReaderOfTheLogThatGoesAwayDoesNotEndTheBroker) {
    const std::string fifo = directory_ / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    Descriptor reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    Process broker({"/bin/sh", "-c", "exec 2>'" + fifo + "'; exec \"$0\" \"$@\"", built::broker,
                    "--grid", files_.grid(), "--memory", "64MiB"});
    ASSERT_TRUE(is_ready(broker));
    reader = Descriptor();
    kill(broker.pid(), SIGHUP);  // makes the broker write a log line
    Client client = Client::attach({.grid = files_.grid()}).value();
    EXPECT_TRUE(client.put("a", "1"));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

}  // namespace
}  // namespace ringside
