#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>

#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_gateway.hpp"
#include "tests/support/test_grid.hpp"

/// The gateway as a service: its notifications to the service manager, and its log.
namespace ringside::testing {
namespace {

/// The socket of a service manager, set as $NOTIFY_SOCKET for the lifetime of this object.
class ServiceManager {
public:
    ServiceManager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = directory_ / "notify";
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("bind");
        }
        setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~ServiceManager() { unsetenv("NOTIFY_SOCKET"); }
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    /// The next message; empty if none comes.
    [[nodiscard]] std::string next() const {
        pollfd ready{socket_.get(), POLLIN, 0};
        if (poll(&ready, 1, static_cast<int>(soon.count())) != 1) return {};
        std::string text(4096, '\0');
        const ssize_t got = recv(socket_.get(), text.data(), text.size(), 0);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }

private:
    TemporaryDirectory directory_;
    Descriptor socket_;
};

TEST(GatewayService, NotifiesItsManagerWhenItServesAndWhenItEnds) {
    const TestGrid grid;
    const ServiceManager manager;
    TestGateway gateway(grid.name());
    const std::string ready = manager.next();
    EXPECT_THAT(ready, ::testing::HasSubstr("READY=1"));
    EXPECT_THAT(ready, ::testing::HasSubstr("MAINPID=" + std::to_string(gateway.pid())));
    EXPECT_THAT(ready, ::testing::HasSubstr("STATUS=Serving grid " + grid.name()));
    EXPECT_EQ(gateway.stop(), 0);
    EXPECT_THAT(manager.next(), ::testing::HasSubstr("STOPPING=1"));
}

TEST(GatewayService, OpensItsLogAgainOnHangUpWithoutAConfiguration) {
    const TestGrid grid;
    const TemporaryDirectory directory;
    const std::string log = directory / "log";
    Process gateway(
        {built::gateway, "--grid", grid.name(), "--listen", "127.0.0.1:0", "--log-file", log});
    ASSERT_TRUE(gateway.read_line().starts_with("ready "));
    const auto content = [](const std::string& path) {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    EXPECT_TRUE(eventually([&] { return !content(log).empty(); }));
    std::filesystem::rename(log, log + ".1");
    ::kill(gateway.pid(), SIGHUP);
    EXPECT_TRUE(
        eventually([&] { return content(log).find("log file reopened") != std::string::npos; }));
    EXPECT_THAT(content(log + ".1"), ::testing::HasSubstr("serving grid"));
    EXPECT_EQ(gateway.finish(SIGTERM), 0);
}

TEST(GatewayService, JsonLogIsOptional) {
    const TestGrid grid;
    TestGateway gateway(grid.name(), {"--log-format", "json"});
    EXPECT_TRUE(gateway.logs("serving grid"));
    const std::string log = gateway.log();
    simdjson::dom::parser parser;
    const std::size_t begin = log.rfind('\n', log.find("serving grid")) + 1;
    const auto line = parser.parse(log.substr(begin, log.find('\n', begin) - begin));
    EXPECT_EQ(std::string_view(line["program"]), "ringside-gateway");
    EXPECT_EQ(std::string_view(line["level"]), "info");
    EXPECT_EQ(gateway.stop(), 0);
    Process wrong({built::gateway, "--grid", grid.name(), "--log-format", "xml"});
    EXPECT_EQ(wrong.finish(0), 2);
}

}  // namespace
}  // namespace ringside::testing
