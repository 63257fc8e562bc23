#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "ringside/client.hpp"
#include "tests/end_to_end/text_of.hpp"
#include "tests/support/child.hpp"
#include "tests/support/host.hpp"

/// Files with a grid's names that do not belong to the broker's user, and grids of other users.
namespace ringside {
namespace {

using testing::as_user;
using testing::become;
using testing::Child;
using testing::GridFiles;
using testing::is_ready;
using testing::Process;
using testing::text_of;

constexpr uid_t planter = 7;
constexpr uid_t bystander = 8;

class ForeignFiles : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = testing::cannot_become_others(); !why.empty()) GTEST_SKIP() << why;
    }

    GridFiles files_;
};

uid_t owner_of(const std::string& path) {
    struct stat there {};
    return lstat(path.c_str(), &there) == 0 ? there.st_uid : static_cast<uid_t>(-1);
}

TEST_F(ForeignFiles, SegmentOfAnotherUserIsNotTakenOver) {
    {
        Process planted(as_user(planter, planter, files_.broker()));
        ASSERT_TRUE(is_ready(planted));
        Child writer([&] {
            become(planter, planter);
            Client client = Client::attach({.grid = files_.grid()}).value();
            client.put("planted", "1").value();
        });
        ASSERT_TRUE(writer.join());
        planted.finish(SIGKILL);
    }
    ASSERT_EQ(chmod(files_.segment().c_str(), 0666), 0);
    unlink(files_.paths().lock_path.c_str());
    unlink(files_.paths().socket_path.c_str());

    Process broker(files_.broker());
    ASSERT_TRUE(is_ready(broker));
    Client client = Client::attach({.grid = files_.grid()}).value();
    EXPECT_EQ(client.get("planted").error(), Errc::not_found);
    EXPECT_EQ(owner_of(files_.segment()), 0U);
    EXPECT_EQ(owner_of(files_.segment() + ".foreign"), planter) << "kept, and still its owner's";
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(ForeignFiles, SegmentOfAnotherUsersLivingBrokerIsLeftAlone) {
    Process planted(as_user(planter, planter, files_.broker()));
    ASSERT_TRUE(is_ready(planted));
    unlink(files_.paths().lock_path.c_str());
    Process broker(files_.broker());
    EXPECT_EQ(broker.finish(0), 1);
    const std::string errors = broker.errors();
    EXPECT_NE(errors.find(std::to_string(planted.pid())), std::string::npos) << errors;
    EXPECT_EQ(owner_of(files_.segment()), planter);
    EXPECT_EQ(planted.finish(SIGTERM), 0);
}

TEST_F(ForeignFiles, ErrorNamesTheOwnerOfForeignFiles) {
    std::ofstream(files_.segment()) << "root's";
    Process broker(as_user(planter, planter, files_.broker()));
    EXPECT_EQ(broker.finish(0), 1);
    const std::string errors = broker.errors();
    EXPECT_NE(errors.find("belongs to user 0"), std::string::npos) << errors;
}

TEST_F(ForeignFiles, OwnSegmentThatOthersCouldWriteIsRefusedAndKept) {
    Process first(files_.broker());
    ASSERT_TRUE(is_ready(first));
    first.finish(SIGKILL);
    ASSERT_EQ(chmod(files_.segment().c_str(), 0660), 0);
    Process second(files_.broker());
    EXPECT_EQ(second.finish(0), 1);
    std::string errors = second.errors();
    EXPECT_NE(errors.find("mode 0660"), std::string::npos) << errors;

    ASSERT_EQ(chmod(files_.segment().c_str(), 0640), 0);
    const std::string further_name = files_.segment() + ".link";
    ASSERT_EQ(link(files_.segment().c_str(), further_name.c_str()), 0);
    Process third(files_.broker());
    EXPECT_EQ(third.finish(0), 1);
    errors = third.errors();
    EXPECT_NE(errors.find("hard link"), std::string::npos) << errors;

    unlink(further_name.c_str());
    Process fourth(files_.broker());
    EXPECT_TRUE(is_ready(fourth));
    EXPECT_EQ(fourth.finish(SIGTERM), 0);
}

TEST_F(ForeignFiles, RootStartsDespiteForeignLockSocketOrSegment) {
    const auto plant_file = [](const std::string& path) {
        std::ofstream(path) << "planted";
        EXPECT_EQ(lchown(path.c_str(), planter, planter), 0);
    };
    const auto plant_link = [](const std::string& path) {
        EXPECT_EQ(symlink("/etc/passwd", path.c_str()), 0);
    };
    const auto plant_pipe = [](const std::string& path) {
        EXPECT_EQ(mkfifo(path.c_str(), 0666), 0);
        EXPECT_EQ(lchown(path.c_str(), planter, planter), 0);
    };
    const auto plant_directory = [](const std::string& path) {
        EXPECT_EQ(mkdir(path.c_str(), 0777), 0);
        EXPECT_EQ(lchown(path.c_str(), planter, planter), 0);
    };
    const std::function<void(const std::string&)> kinds[] = {plant_file, plant_link, plant_pipe,
                                                             plant_directory};
    for (const auto& plant : kinds) {
        const GridFiles files;
        for (const std::string& path :
             {files.paths().lock_path, files.paths().socket_path, files.segment()}) {
            SCOPED_TRACE(path);
            plant(path);
            Process broker(files.broker());
            EXPECT_TRUE(is_ready(broker));
            EXPECT_EQ(owner_of(files.segment()), 0U);
            EXPECT_TRUE(Client::attach({.grid = files.grid()}));
            EXPECT_EQ(broker.finish(SIGTERM), 0);
        }
    }
}

TEST_F(ForeignFiles, ClientAcceptsTheGridsOfCertainUsersOnly) {
    Process broker(as_user(planter, planter, files_.broker()));
    ASSERT_TRUE(is_ready(broker));
    Child member([&] {
        become(bystander, planter);  // in the broker's group, so it can open the segment
        const auto outcome = [&](std::optional<std::uint32_t> owner) {
            auto client = Client::attach({.grid = files_.grid(), .owner = owner, .timeout = {}});
            return client ? Errc::ok : client.error().code;
        };
        EXPECT_EQ(outcome({}), Errc::foreign_grid);
        EXPECT_EQ(outcome(bystander), Errc::foreign_grid);
        EXPECT_EQ(outcome(planter), Errc::ok);
        setenv("RINGSIDE_OWNER", std::to_string(planter).c_str(), 1);
        EXPECT_EQ(outcome({}), Errc::ok);
        setenv("RINGSIDE_OWNER", "root", 1);
        EXPECT_EQ(outcome({}), Errc::foreign_grid);
        setenv("RINGSIDE_OWNER", "no such user", 1);
        EXPECT_EQ(outcome({}), Errc::bad_configuration);
    });
    EXPECT_TRUE(member.join());
    EXPECT_EQ(Client::attach({.grid = files_.grid(), .timeout = {}}).error(), Errc::foreign_grid)
        << "root is no exception: it would act on what the other user wrote";
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST_F(ForeignFiles, LockAndSocketLieInTheUsersRuntimeDirectory) {
    const std::string directory = ::testing::TempDir() + files_.grid() + "-run";
    ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
    const std::string lock = directory + "/ringside-lock." + files_.grid();
    const std::string socket = directory + "/ringside-socket." + files_.grid();
    setenv("XDG_RUNTIME_DIR", directory.c_str(), 1);
    {
        Process broker(files_.broker());
        EXPECT_TRUE(is_ready(broker));
        EXPECT_EQ(access(lock.c_str(), F_OK), 0);
        EXPECT_EQ(access(socket.c_str(), F_OK), 0);
        EXPECT_TRUE(Client::attach({.grid = files_.grid()}));
        EXPECT_EQ(broker.finish(SIGTERM), 0);
        EXPECT_NE(access(socket.c_str(), F_OK), 0);
    }
    // A directory that others can write to is not used.
    ASSERT_EQ(chmod(directory.c_str(), 0777), 0);
    {
        Process broker(files_.broker());
        EXPECT_TRUE(is_ready(broker));
        EXPECT_NE(access(socket.c_str(), F_OK), 0);
        EXPECT_TRUE(Client::attach({.grid = files_.grid()}));
        EXPECT_EQ(broker.finish(SIGTERM), 0);
    }
    unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace ringside
