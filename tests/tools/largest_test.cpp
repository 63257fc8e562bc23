#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "tests/support/cli_test.hpp"

/// `ringside largest`.
namespace ringside::testing {
namespace {

class LargestCommand : public CliTest {
protected:
    void SetUp() override {
        Client client = Client::attach({.grid = grid_.name()}).value();
        for (int i = 0; i < 50; ++i) put(client, "event/1/seat/" + std::to_string(i), 100);
        put(client, "event/2/plan", 10'000);
        put(client, "event/2/note", 1'000);
        put(client, "single", 500);
    }
    static void put(Client& client, const std::string& name, std::size_t size) {
        client.put(name, '"' + std::string(size, 'x') + '"').value();
    }
    /// Returns the names of the rows, in the order of the output.
    [[nodiscard]] std::vector<std::string> names(const std::string& arguments) const {
        const std::string json = run("largest --json " + arguments).output;
        const std::string key = R"("name":")";
        std::vector<std::string> names;
        for (std::size_t at = json.find(key); at != std::string::npos; at = json.find(key, at)) {
            at += key.size();
            names.push_back(json.substr(at, json.find('"', at) - at));
        }
        return names;
    }
};

TEST_F(LargestCommand, RecordsAreListedBySize) {
    EXPECT_EQ(names("--count 3"),
              (std::vector<std::string>{"event/2/plan", "event/2/note", "single"}));
    EXPECT_EQ(names("--count 1 'event/1/**'"), std::vector<std::string>{"event/1/seat/0"});
    EXPECT_EQ(number_in(run("largest --json").output, "records"), 53U);
}

TEST_F(LargestCommand, NamesInJsonAreThoseOfTheRecords) {
    Client client = Client::attach({.grid = grid_.name()}).value();
    put(client, "\"quoted", 20'000);
    EXPECT_NE(run("largest --json --count 1").output.find(R"("name":"\"quoted")"),
              std::string::npos);
}

TEST_F(LargestCommand, PrefixesAreListedByTheirSum) {
    EXPECT_EQ(names("--levels 2"), (std::vector<std::string>{"event/2/", "event/1/", "single"}));
    EXPECT_EQ(names("--levels 1 --count 1"), std::vector<std::string>{"event/"});
}

TEST_F(LargestCommand, DocumentOfManyPagesCountsWhole) {
    Client client = Client::attach({.grid = grid_.name()}).value();
    std::string json = "[0";
    for (int i = 1; i < 20'000; ++i) json += "," + std::to_string(i);
    client.put("single", json + "]").value();
    EXPECT_EQ(names("--count 1"), std::vector<std::string>{"single"});
}

TEST_F(LargestCommand, SegmentOfADeadBrokerIsReadOffline) {
    grid_.kill_broker();
    EXPECT_EQ(names("--offline --count 1"), std::vector<std::string>{"event/2/plan"});
    expect_status("largest --count 0", 2);
}

}  // namespace
}  // namespace ringside::testing
