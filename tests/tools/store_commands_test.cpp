#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ringside/client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

/// `ringside backup` and `ringside verify`, as an operator uses them.
namespace ringside {
namespace {

using testing::eventually;
using testing::Process;
using testing::TemporaryDirectory;
using testing::TestGrid;

struct Finished {
    int status = 0;
    std::string out;
    std::string errors;
};

Finished run(const std::string& grid, std::vector<std::string> words) {
    std::vector<std::string> command{built::cli, "-g", grid};
    command.insert(command.end(), words.begin(), words.end());
    Process process(command);
    Finished finished;
    finished.out = process.read_line();
    finished.status = process.finish(0);
    finished.errors = process.errors();
    return finished;
}

TEST(Backup, IsTheGridAtOneRevisionAndCanBeStartedFrom) {
    const TemporaryDirectory directory;
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    Client client = Client::attach({.grid = grid.name()}).value();
    for (int i = 0; i < 2000; ++i) {
        Transaction both;
        both.put("a/" + std::to_string(i), "0").value();
        both.put("b/" + std::to_string(i), "0").value();
        client.commit(both).value();
    }
    std::atomic<bool> stop = false;
    std::atomic<int> written = 0;
    std::thread writer([&] {
        Client mine = Client::attach({.grid = grid.name()}).value();
        for (int n = 1; !stop; ++n) {
            Transaction both;
            const std::string i = std::to_string(n % 2000);
            both.put("a/" + i, std::to_string(n)).value();
            both.put("b/" + i, std::to_string(n)).value();
            ASSERT_TRUE(mine.commit(both));
            written = n;
        }
    });
    EXPECT_TRUE(eventually([&] { return written > 100; }));
    const Finished made = run(grid.name(), {"backup", directory / "backup"});
    stop = true;
    writer.join();
    EXPECT_EQ(made.status, 0) << made.errors;
    EXPECT_NE(made.out.find("\"records\":4000"), std::string::npos) << made.out;
    EXPECT_EQ(run(grid.name(), {"verify", "--json", "--data", directory / "backup"}).status, 0);
    EXPECT_EQ(grid.stop(), 0);
    grid.set_options({"--memory", "64MiB", "--data", directory / "backup"});
    grid.start();
    const Client again = Client::attach({.grid = grid.name()}).value();
    for (int i = 0; i < 2000; ++i) {
        const Record a = again.get("a/" + std::to_string(i)).value();
        const Record b = again.get("b/" + std::to_string(i)).value();
        ASSERT_EQ(to_json(a.document()), to_json(b.document())) << i;
    }
}

TEST(Backup, ExistingFilesAreLeftUnchanged) {
    const TemporaryDirectory directory;
    const TestGrid grid;
    std::ofstream(directory / "notes.txt") << "mine";
    const Finished refused = run(grid.name(), {"backup", directory.path()});
    EXPECT_EQ(refused.status, 4);
    EXPECT_NE(refused.errors.find("not empty"), std::string::npos) << refused.errors;
    std::ofstream(directory / "file") << "";
    EXPECT_NE(run(grid.name(), {"backup", directory / "file/backup"}).status, 0);
    EXPECT_NE(run(grid.name(), {"backup", directory / "new", "--as", "no/name"}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(directory / "new"));
}

TEST(Backup, CanBeForAnotherGrid) {
    const TemporaryDirectory directory;
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    client.put("a", "1").value();
    const std::string other = grid.name() + "-other";
    EXPECT_EQ(run(grid.name(), {"backup", directory / "backup", "--as", other}).status, 0);
    Process broker({built::broker, "--grid", other, "--data", directory / "backup"});
    ASSERT_EQ(broker.read_line().rfind("ready", 0), 0U);
    EXPECT_EQ(run(other, {"get", "a"}).out, "1");
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST(Backup, BackupAndFirstStartWithAStoreLogNoWarnings) {
    const TemporaryDirectory directory;
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    client.put("a", "1").value();
    const Finished made = run(grid.name(), {"backup", directory / "backup"});
    EXPECT_EQ(made.status, 0);
    EXPECT_EQ(made.errors, "");
    EXPECT_EQ(run(grid.name(), {"verify", "--data", directory / "backup"}).errors, "");
    const std::string other = grid.name() + "-other";
    // A new store first, then the same store again.
    for (int start = 0; start < 2; ++start) {
        Process broker({built::broker, "--grid", other, "--memory", "64MiB", "--data",
                        directory / "data", "--durability", "none"});
        ASSERT_EQ(broker.read_line().rfind("ready", 0), 0U);
        Client writer = Client::attach({.grid = other}).value();
        writer.put("a", "1").value();
        EXPECT_EQ(broker.finish(SIGTERM), 0);
        const std::string log = broker.errors();
        EXPECT_EQ(log.find(" error "), std::string::npos) << log;
        EXPECT_EQ(log.find(" warning "), std::string::npos) << log;
    }
}

TEST(Restore, StartsABackupAlongsideTheLivingGrid) {
    const TemporaryDirectory directory;
    const TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    Client client = Client::attach({.grid = grid.name()}).value();
    client.put("a", "1").value();
    EXPECT_EQ(run(grid.name(), {"backup", directory / "backup"}).status, 0);
    const std::string other = grid.name() + "-other";
    Process refused({built::broker, "--grid", other, "--data", directory / "backup"});
    EXPECT_EQ(refused.finish(0), 1);
    const std::string reason = refused.errors();
    EXPECT_NE(reason.find("ringside restore"), std::string::npos) << reason;
    const Finished restored = run(other, {"restore", directory / "backup", "--as", other});
    EXPECT_EQ(restored.status, 0) << restored.errors;
    EXPECT_NE(restored.out.find("\"grid\":\"" + other + '"'), std::string::npos) << restored.out;
    Process broker({built::broker, "--grid", other, "--data", directory / "backup"});
    ASSERT_EQ(broker.read_line().rfind("ready", 0), 0U);
    client.put("a", "2").value();
    EXPECT_EQ(run(other, {"get", "a"}).out, "1");
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

TEST(Restore, RefusesAStoreInUseAndADirectoryWithoutStore) {
    const TemporaryDirectory directory;
    const TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    const std::string other = grid.name() + "-other";
    EXPECT_EQ(run(other, {"restore", directory / "data", "--as", other}).status, 4);
    EXPECT_EQ(run(other, {"restore", directory / "none", "--as", other}).status, 1);
    EXPECT_EQ(run(other, {"restore", directory / "data", "--as", "no/name"}).status, 2);
    EXPECT_EQ(run(other, {"restore", directory / "data"}).status, 2);
}

TEST(Verify, FindsNothingWrongWithAGridThatWasKilled) {
    const TemporaryDirectory directory;
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    Client client = Client::attach({.grid = grid.name()}).value();
    for (int i = 0; i < 3000; ++i) client.put("r/" + std::to_string(i % 500), "[1,2]").value();
    EXPECT_EQ(run(grid.name(), {"verify", "--json"}).status, 0) << "of a live one";
    grid.kill_broker();
    const Finished found = run(grid.name(), {"verify", "--json", "--data", directory / "data"});
    EXPECT_EQ(found.status, 0) << found.out;
    EXPECT_NE(found.out.find("\"records\":500"), std::string::npos) << found.out;
}

TEST(Verify, DamagedRecordsAreNamedAndOmittedByTheBroker) {
    const TemporaryDirectory directory;
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    {
        Client client = Client::attach({.grid = grid.name()}).value();
        for (int i = 0; i < 500; ++i) {
            client
                .put("record/" + std::to_string(1000 + i),
                     R"({"mark":"MARK)" + std::to_string(1000 + i) + "\"}")
                .value();
        }
    }
    EXPECT_EQ(grid.stop(), 0);
    grid.start();  // the log becomes a table
    EXPECT_EQ(grid.stop(), 0);
    bool is_damaged = false;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "data/db")) {
        if (entry.path().extension() != ".sst") continue;
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        const std::size_t at = bytes.find("MARK1234");
        if (at == std::string::npos) continue;
        file.clear();
        file.seekp(static_cast<std::streamoff>(at));
        file.put('m');
        is_damaged = true;
    }
    ASSERT_TRUE(is_damaged);
    const Finished found = run(grid.name(), {"verify", "--json", "--data", directory / "data"});
    EXPECT_EQ(found.status, 1);
    EXPECT_NE(found.out.find("record/1234"), std::string::npos) << found.out;
    EXPECT_NE(found.out.find("\"records\":499"), std::string::npos) << found.out;
    grid.start();
    const Client client = Client::attach({.grid = grid.name()}).value();
    EXPECT_EQ(client.get("record/1234").error().code, Errc::not_found);
    EXPECT_TRUE(client.get("record/1235"));
}

TEST(Verify, NothingToCheckIsNoSuccess) {
    const Finished found = run("test-" + std::to_string(getpid()) + "-nothing", {"verify"});
    EXPECT_EQ(found.status, 3);
    EXPECT_NE(found.errors.find("no such grid"), std::string::npos) << found.errors;
}

TEST(Verify, FindsASegmentThatIsDamaged) {
    TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    for (int i = 0; i < 100; ++i) client.put("r/" + std::to_string(i), "1").value();
    grid.kill_broker();
    {
        const shm::Segment segment = shm::Segment::open_writable(grid.name()).value();
        segment.view().slot(RecordId{17}).newest.fetch_add(16);
    }
    const Finished found = run(grid.name(), {"verify", "--json"});
    EXPECT_EQ(found.status, 1);
    EXPECT_NE(found.out.find("record 17"), std::string::npos) << found.out;
    std::filesystem::remove(shm::GridPaths::of(grid.name())->segment_path);
}

}  // namespace
}  // namespace ringside
