#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "ringside/client.hpp"
#include "tests/support/host.hpp"
#include "tests/support/temporary_directory.hpp"

/// Permissions of the files that broker and backup write, whatever the umask of their user.
namespace ringside {
namespace {

using testing::GridFiles;
using testing::is_ready;
using testing::Process;
using testing::TemporaryDirectory;

std::vector<std::string> with_umask(const std::string& mask, std::vector<std::string> command) {
    std::vector<std::string> words{"/bin/sh", "-c", "umask " + mask + "; exec \"$0\" \"$@\""};
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

mode_t mode_of(const std::filesystem::path& path) {
    struct stat there {};
    EXPECT_EQ(lstat(path.c_str(), &there), 0) << path;
    return there.st_mode & 0777U;
}

void expect_closed(const std::string& directory) {
    EXPECT_EQ(mode_of(directory), 0750U) << directory;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        EXPECT_EQ(mode_of(entry.path()), entry.is_directory() ? 0750U : 0640U) << entry.path();
    }
}

TEST(FileModes, StoreBackupAndLogAreClosedToOthers) {
    for (const char* mask : {"000", "022", "077"}) {
        SCOPED_TRACE(mask);
        const GridFiles files;
        const TemporaryDirectory directory;
        const std::string log = directory / "log";
        Process broker(with_umask(
            mask, files.broker({"--data", directory / "store/data", "--log-file", log})));
        ASSERT_TRUE(is_ready(broker));
        Client client = Client::attach({.grid = files.grid()}).value();
        client.put("a", "1", {.grade = Grade::durable}).value();
        Process backup(
            with_umask(mask, {built::cli, "-g", files.grid(), "backup", directory / "backup"}));
        EXPECT_EQ(backup.finish(0), 0);
        EXPECT_EQ(mode_of(files.segment()), 0640U);
        EXPECT_EQ(mode_of(files.paths().lock_path), 0640U);
        EXPECT_EQ(broker.finish(SIGTERM), 0);
        expect_closed(directory / "store");
        expect_closed(directory / "backup");
        EXPECT_EQ(mode_of(log), 0640U);
    }
}

}  // namespace
}  // namespace ringside
