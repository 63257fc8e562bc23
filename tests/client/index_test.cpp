#include "ringside/index.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "ringside/client.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// The client's interface to secondary indexes: add, list, remove, and recovery after the broker's
/// death.
namespace ringside {
namespace {

using testing::eventually;
using testing::TemporaryDirectory;
using testing::TestGrid;

Client attach(const TestGrid& grid) { return Client::attach({.grid = grid.name()}).value(); }

bool is_ready(const Client& client, std::size_t index = 0) {
    const auto indexes = client.indexes().value();
    return indexes.size() > index && indexes[index].state == IndexInfo::State::ready;
}

TEST(Index, IsBuiltOverTheRecordsThatMatch) {
    TestGrid grid;
    Client client = attach(grid);
    for (int i = 0; i < 300; ++i) {
        const std::string number = std::to_string(i);
        client.put("seat/" + number, R"({"status":)" + std::to_string(i % 3) + "}").value();
        client.put("other/" + number, R"({"status":7})").value();
    }
    const auto added = client.add_index("seat/*", "/status").value();
    EXPECT_EQ(added.version, 1U);
    ASSERT_TRUE(eventually([&] { return is_ready(client); }));
    const IndexInfo index = client.indexes()->front();
    EXPECT_EQ(index.pattern, "seat/*");
    EXPECT_EQ(index.pointer, "/status");
    EXPECT_EQ(index.values, 3U);
    EXPECT_EQ(index.records, 300U);
    EXPECT_GE(index.ready_from, added.revision);
    EXPECT_GT(index.bytes, 0U);
}

TEST(Index, RepeatedDefinitionHasNoEffect) {
    TestGrid grid;
    Client client = attach(grid);
    client.put("seat/1", R"({"status":1})").value();
    client.add_index("seat/*", "/status").value();
    ASSERT_TRUE(eventually([&] { return is_ready(client); }));
    const Revision ready_from = client.indexes()->front().ready_from;
    client.add_index("seat/*", "/status").value();
    EXPECT_EQ(client.indexes()->size(), 1U);
    EXPECT_EQ(client.indexes()->front().ready_from, ready_from);
    client.remove_index("seat/*", "/status").value();
    EXPECT_TRUE(client.indexes()->empty());
    EXPECT_EQ(client.remove_index("seat/*", "/status").error().code, Errc::not_found);
}

TEST(Index, BadOnesAreRefused) {
    TestGrid grid;
    Client client = attach(grid);
    EXPECT_EQ(client.add_index("", "/a").error().code, Errc::bad_pattern);
    EXPECT_EQ(client.add_index("a//b", "/a").error().code, Errc::bad_pattern);
    EXPECT_EQ(client.add_index("$sys/*", "/a").error().code, Errc::reserved_name);
    EXPECT_EQ(client.add_index("a/*", "a").error().code, Errc::bad_pointer);
    EXPECT_EQ(client.add_index("a/*", "/" + std::string(1100, 'x')).error().code,
              Errc::name_too_long);
    EXPECT_TRUE(client.indexes()->empty());
    // Pointers that cannot be part of a name without encoding.
    for (const std::string pointer : {"", "/", "/a/b", "/a~1b", "/%2F", "/*", "/\n", "/\x7f"}) {
        EXPECT_TRUE(client.add_index("a/*/b-%", pointer)) << pointer;
    }
    EXPECT_EQ(client.indexes()->size(), 8U);
}

TEST(Index, NumberOfIndexesIsLimited) {
    TestGrid grid;
    Client client = attach(grid);
    for (std::size_t i = 0; i < limits::indexes_max; ++i) {
        client.add_index("a/*", "/" + std::to_string(i)).value();
    }
    EXPECT_EQ(client.add_index("a/*", "/more").error().code, Errc::index_limit);
    EXPECT_TRUE(client.add_index("a/*", "/0"));
    client.remove_index("a/*", "/0").value();
    EXPECT_TRUE(eventually([&] { return client.add_index("a/*", "/more").has_value(); }));
    EXPECT_EQ(client.indexes()->size(), limits::indexes_max);
}

TEST(Index, IndexIsRebuiltAfterTheBrokerWasKilled) {
    TestGrid grid;
    Client client = attach(grid);
    for (int i = 0; i < 100; ++i) client.put("seat/" + std::to_string(i), "[1]").value();
    client.add_index("seat/*", "/0").value();
    ASSERT_TRUE(eventually([&] { return is_ready(client); }));
    grid.kill_broker();
    grid.start();
    client.put("seat/more", "[2]").value();
    ASSERT_TRUE(eventually([&] { return is_ready(client); }));
    EXPECT_EQ(client.indexes()->front().records, 101U);
    EXPECT_EQ(client.indexes()->front().values, 2U);
}

TEST(Index, OutlivesItsSegment) {
    const TemporaryDirectory directory;
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    {
        Client client = attach(grid);
        client.put("seat/1", "[1]", {.grade = Grade::durable}).value();
        client.add_index("seat/*", "/0").value();
        client.add_index("seat/*", "/1").value();
        client.remove_index("seat/*", "/1").value();
        client.put("seat/2", "[2]", {.grade = Grade::durable}).value();
    }
    grid.lose();
    grid.start();
    Client client = attach(grid);
    ASSERT_TRUE(eventually([&] { return is_ready(client); }));
    const auto indexes = client.indexes().value();
    ASSERT_EQ(indexes.size(), 1U);
    EXPECT_EQ(indexes.front().pointer, "/0");
    EXPECT_EQ(indexes.front().records, 2U);
}

}  // namespace
}  // namespace ringside
