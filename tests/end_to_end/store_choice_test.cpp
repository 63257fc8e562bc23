#include <gtest/gtest.h>

#include <fstream>

#include "ringside/client.hpp"
#include "tests/end_to_end/text_of.hpp"
#include "tests/support/host.hpp"
#include "tests/support/temporary_directory.hpp"

/// The broker's choice if segment and store disagree: no complete data is lost.
namespace ringside {
namespace {

using testing::GridFiles;
using testing::is_ready;
using testing::Process;
using testing::TemporaryDirectory;
using testing::text_of;

class StoreChoice : public ::testing::Test {
protected:
    /// Starts a broker, writes a record (durably if possible), and ends the broker with a signal.
    void run(const std::vector<std::string>& options, const std::string& name, int signal) {
        Process broker(files_.broker(options));
        ASSERT_TRUE(is_ready(broker)) << name;
        Client client = Client::attach({.grid = files_.grid()}).value();
        const Grade grade = options.empty() ? Grade::applied : Grade::durable;
        ASSERT_TRUE(client.put(name, "1", {.grade = grade})) << name;
        broker.finish(signal);
    }
    [[nodiscard]] std::vector<std::string> with_data() const { return {"--data", data_}; }

    /// Starts a broker with these options, checks which records exist, and ends the broker with a
    /// signal.
    void expect(const std::vector<std::string>& options, const std::vector<std::string>& there,
                const std::vector<std::string>& missing, int signal) {
        Process broker(files_.broker(options));
        ASSERT_TRUE(is_ready(broker));
        Client client = Client::attach({.grid = files_.grid()}).value();
        for (const auto& name : there) EXPECT_TRUE(client.get(name)) << name;
        for (const auto& name : missing) EXPECT_FALSE(client.get(name)) << name;
        broker.finish(signal);
    }

    GridFiles files_;
    TemporaryDirectory directory_;
    std::string data_ = directory_ / "data";
};

TEST_F(StoreChoice, StoreThatCannotBeOpenedLeavesTheSegmentUnchanged) {
    run(with_data(), "stored", SIGTERM);
    for (const auto& entry : std::filesystem::directory_iterator(data_ + "/db")) {
        if (entry.path().filename().string().starts_with("MANIFEST")) {
            std::filesystem::resize_file(entry.path(), 3);
        }
    }
    run({}, "in memory", SIGKILL);
    {
        Process broker(files_.broker(with_data()));
        EXPECT_EQ(broker.finish(0), 1);
    }
    EXPECT_EQ(files_.segments(), std::vector<std::string>{files_.segment()});
    expect({}, {"in memory"}, {}, SIGTERM);
}

TEST_F(StoreChoice, BrokerWithoutTheStoreDoesNotMakeTheNextOneForgetAnything) {
    run(with_data(), "stored", SIGKILL);
    run({}, "in memory", SIGKILL);
    run(with_data(), "later", SIGKILL);
    expect(with_data(), {"stored", "in memory", "later"}, {}, SIGTERM);
    EXPECT_TRUE(files_.segments().empty());
    expect(with_data(), {"stored", "in memory", "later"}, {}, SIGTERM);
}

TEST_F(StoreChoice, StoreWithOtherRecordsReplacesTheSegmentWhichIsKept) {
    run(with_data(), "stored", SIGTERM);
    run({}, "in memory", SIGKILL);
    Process broker(files_.broker(with_data()));
    ASSERT_TRUE(is_ready(broker));
    EXPECT_TRUE(broker.comes_to_say("holds other records", std::chrono::seconds(60)));
    Client client = Client::attach({.grid = files_.grid()}).value();
    EXPECT_TRUE(client.get("stored"));
    EXPECT_FALSE(client.get("in memory"));
    EXPECT_EQ(broker.finish(SIGTERM), 0);
    EXPECT_EQ(files_.segments(), std::vector<std::string>{files_.segment() + ".damaged"});
}

TEST_F(StoreChoice, SegmentsThatAreSetAsideDoNotOverwriteEachOther) {
    for (int round = 0; round < 3; ++round) {
        run({}, "a", SIGKILL);
        std::fstream file(files_.segment(), std::ios::in | std::ios::out | std::ios::binary);
        file.write("not a segment", 13);
    }
    run({}, "a", SIGTERM);
    const auto left = files_.segments();
    EXPECT_EQ(left.size(), 3U);
    for (const char* suffix : {".damaged", ".damaged.2", ".damaged.3"}) {
        EXPECT_NE(std::find(left.begin(), left.end(), files_.segment() + suffix), left.end());
    }
}

TEST_F(StoreChoice, SegmentReturnsToItsNameWhereTheStoreDoesNotFitTheNewOne) {
    {
        Process broker(files_.broker(with_data()));
        ASSERT_TRUE(is_ready(broker));
        Client client = Client::attach({.grid = files_.grid()}).value();
        const std::string text = '"' + std::string(1 << 20, 'x') + '"';
        for (int i = 0; i < 24; ++i) client.put("large/" + std::to_string(i), text).value();
        EXPECT_EQ(broker.finish(SIGTERM), 0);
    }
    run({}, "in memory", SIGKILL);
    {
        Process broker(
            {built::broker, "--grid", files_.grid(), "--memory", "16MiB", "--data", data_});
        EXPECT_EQ(broker.finish(0), 1);
    }
    EXPECT_EQ(files_.segments(), std::vector<std::string>{files_.segment()});
    expect({}, {"in memory"}, {}, SIGTERM);
}

}  // namespace
}  // namespace ringside
