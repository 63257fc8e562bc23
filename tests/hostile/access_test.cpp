#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <fstream>

#include "ringside/client.hpp"
#include "tests/hostile/stranger.hpp"
#include "tests/support/child.hpp"
#include "tests/support/test_grid.hpp"

/// Processes of other users: their roles limit the requests, and permissions limit the access to
/// files. Needs root to change the user.
namespace ringside {
namespace {

using testing::Child;
using testing::eventually;
using testing::stranger;
using testing::TestGrid;

void become(uid_t user, gid_t group) {
    ASSERT_EQ(setgroups(0, nullptr), 0);
    ASSERT_EQ(setgid(group), 0);
    ASSERT_EQ(setuid(user), 0);
}

class AccessTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "needs root";
    }
};

/// A file of roles that is removed with the test.
class RolesFile {
public:
    explicit RolesFile(const std::string& text) { std::ofstream(path_) << text; }
    ~RolesFile() { unlink(path_.c_str()); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_ = "/tmp/ringside-roles-" + std::to_string(getpid()) + ".toml";
};

TEST_F(AccessTest, AStrangerCannotEvenMapTheSegment) {
    const TestGrid grid;
    Child other([&] {
        become(stranger, stranger);
        EXPECT_EQ(Client::attach({.grid = grid.name(), .timeout = {}}).error(),
                  Errc::permission_denied);
        const auto paths = shm::GridPaths::of(grid.name()).value();
        EXPECT_LT(open(paths.segment_path.c_str(), O_RDONLY), 0);
    });
    EXPECT_TRUE(other.join());
}

TEST_F(AccessTest, TheGroupReadsAndWatchesAndWritesNothing) {
    const TestGrid grid;
    Client owner = Client::attach({.grid = grid.name()}).value();
    owner.put("a", "1").value();
    Child member([&] {
        become(stranger, getgid());
        Client client = Client::attach({.grid = grid.name()}).value();
        EXPECT_EQ(client.get("a")->document().as_int64(), 1);
        EXPECT_TRUE(client.watch("**"));
        EXPECT_EQ(client.put("a", "2").error(), Errc::permission_denied);
        EXPECT_EQ(client.remove("a").error(), Errc::permission_denied);
        EXPECT_EQ(client.compact().error(), Errc::permission_denied);
        Presence presence = client.announce_presence("alice").value();
        EXPECT_TRUE(eventually([&] {
            const auto renewed = presence.renew();
            return !renewed && renewed.error() == Errc::permission_denied;
        }));
        EXPECT_EQ(client.get("$sys/presence/alice").error(), Errc::not_found);
        // The file does not allow writes that bypass the broker.
        const auto paths = shm::GridPaths::of(grid.name()).value();
        EXPECT_LT(open(paths.segment_path.c_str(), O_RDWR), 0);
        const Descriptor file(open(paths.segment_path.c_str(), O_RDONLY));
        ASSERT_TRUE(file.is_open());
        EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0),
                  MAP_FAILED);
        EXPECT_LT(ftruncate(file.get(), 0), 0);
        EXPECT_LT(unlink(paths.segment_path.c_str()), 0);
        EXPECT_LT(unlink(paths.socket_path.c_str()), 0);
    });
    EXPECT_TRUE(member.join());
    EXPECT_EQ(owner.get("a")->document().as_int64(), 1);
}

TEST_F(AccessTest, WriterWritesOnlyNamesOfItsPatterns) {
    const RolesFile roles("[[role]]\nuser = 65534\nrole = 'writer'\npatterns = ['orders/**']\n");
    const TestGrid grid({"--memory", "64MiB", "--config", roles.path()});
    Child writer([&] {
        become(stranger, getgid());
        Client client = Client::attach({.grid = grid.name()}).value();
        EXPECT_TRUE(client.put("orders/1", "1"));
        EXPECT_EQ(client.put("seats/1", "1").error(), Errc::permission_denied);
        Transaction both;
        both.put("orders/2", "1").value();
        both.put("seats/2", "1").value();
        EXPECT_EQ(client.commit(both).error(), Errc::permission_denied);
        EXPECT_EQ(client.get("orders/2").error(), Errc::not_found);
        EXPECT_EQ(client.compact().error(), Errc::permission_denied);
    });
    EXPECT_TRUE(writer.join());
}

}  // namespace
}  // namespace ringside
