#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/seeded_test.hpp"
#include "tests/support/shared_count.hpp"
#include "tests/support/test_grid.hpp"

/// Queries return the same results with secondary indexes as without.
namespace ringside {
namespace {

using testing::Child;
using testing::eventually;
using testing::SeededTest;
using testing::TestGrid;

class IndexQuery : public SeededTest {
protected:
    void add_index(const std::string& pattern, const std::string& pointer) {
        client_.add_index(pattern, pointer).value();
        ASSERT_TRUE(eventually([&] {
            for (const IndexInfo& index : client_.indexes().value()) {
                if (index.pattern != pattern || index.pointer != pointer) continue;
                return index.state == IndexInfo::State::ready;
            }
            return false;
        }));
    }
    [[nodiscard]] static bool is_building(const Client& client) {
        const auto indexes = client.indexes();
        return indexes && std::ranges::any_of(*indexes, [](const IndexInfo& index) {
                   return index.state == IndexInfo::State::building;
               });
    }
    /// Returns the records that a cursor yields for a predicate.
    [[nodiscard]] std::vector<std::string> candidates(const std::string& pattern,
                                                      const Predicate& predicate) const {
        const Snapshot snapshot = client_.snapshot().value();
        RecordCursor cursor = snapshot.cursor(pattern, predicate).value();
        std::vector<std::string> names;
        for (auto batch = cursor.next().value(); !batch.empty(); batch = cursor.next().value()) {
            for (const RecordView& record : batch) names.emplace_back(record.name());
        }
        return names;
    }
    [[nodiscard]] static std::string text_of(const Rows& rows) {
        std::string text;
        for (const Row row : rows) {
            for (const OwnedScalar& value : row) text += to_json(value) + " ";
            text += '\n';
        }
        return text;
    }

    TestGrid grid_{{"--memory", "128MiB"}};
    Client client_ = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    testing::Random random_ = random(1);
};

TEST_F(IndexQuery, QueryReadsOnlyTheCandidatesOfTheIndex) {
    for (int i = 0; i < 1000; ++i) {
        const std::string status = i % 100 == 7 ? "held" : "free";
        client_
            .put("event/" + std::to_string(i % 10) + "/seat/" + std::to_string(i),
                 R"({"status":")" + status + R"(","price":)" + std::to_string(i) + "}")
            .value();
    }
    const Predicate is_held = field("/status") == "held";
    EXPECT_EQ(candidates("event/*/seat/*", is_held).size(), 1000U);
    add_index("event/*/seat/*", "/status");
    const auto held = candidates("event/*/seat/*", is_held);
    ASSERT_EQ(held.size(), 10U);
    EXPECT_TRUE(std::is_sorted(held.begin(), held.end()));
    EXPECT_EQ(candidates("event/*/seat/*", is_held && field("/price") > 500).size(), 10U);
    EXPECT_EQ(candidates("event/*/seat/*", is_held || field("/price") > 500).size(), 1000U);
    EXPECT_EQ(candidates("event/*/seat/*", field("/status") == "free").size(), 1000U)
        << "that would cost more than it saves";
    EXPECT_EQ(candidates("event/7/seat/*", is_held).size(), 100U)
        << "an index over other names, of which one cannot tell that they are all of these";
}

/// The index covers more names than the query.
TEST_F(IndexQuery, IndexOfASubtreeServesQueriesBelowIt) {
    for (int i = 0; i < 1000; ++i) {
        client_
            .put("a/" + std::to_string(i % 2) + "/" + std::to_string(i),
                 "{\"v\":" + std::to_string(i % 250) + "}")
            .value();
    }
    add_index("a/**", "/v");
    EXPECT_EQ(candidates("a/1/*", field("/v") == 3).size(), 4U);
    EXPECT_EQ(candidates("a/1/*", field("/v") == 2).size(), 0U);
    const Snapshot snapshot = client_.snapshot().value();
    const auto query = scan("a/1/*").where(in(field("/v"), {2, 3})).aggregate({count()});
    EXPECT_EQ(text_of(snapshot.run(query).value()), "4 \n");
}

TEST_F(IndexQuery, AnswersAsWithoutAnIndex) {
    const std::string head(300, 'x');
    const std::vector<std::string> values{"null",
                                          "true",
                                          "false",
                                          "0",
                                          "1",
                                          "1.0",
                                          "2",
                                          "2.5",
                                          "-3",
                                          "1e300",
                                          "\"\"",
                                          "\"a\"",
                                          "\"b\"",
                                          "[1]",
                                          "{}",
                                          "\"" + head + "a\"",
                                          "\"" + head + "b\"",
                                          "18446744073709551615"};
    for (int i = 0; i < 2000; ++i) {
        std::string json = "{\"i\":" + std::to_string(i);
        if (random_.below(10) != 0) json += ",\"v\":" + values[random_.below(values.size())];
        if (random_.below(10) != 0) json += ",\"w\":" + std::to_string(random_.below(50));
        client_.put("r/" + std::to_string(i), json + "}").value();
    }
    const Snapshot before = client_.snapshot({.lease = std::chrono::hours(1)}).value();
    add_index("r/*", "/v");
    add_index("r/*", "/w");
    const Snapshot after = client_.snapshot({.lease = std::chrono::hours(1)}).value();
    const auto any_constant = [&](const Field& of) -> Predicate {
        constexpr Comparison all[] = {Comparison::equal,   Comparison::not_equal,
                                      Comparison::less,    Comparison::less_or_equal,
                                      Comparison::greater, Comparison::greater_or_equal};
        const Comparison comparison = all[random_.below(6)];
        if (of.is_same("/w")) {
            const auto number = static_cast<std::int64_t>(random_.below(52)) - 1;
            if (random_.below(4) == 0) return in(of, {number, number + 3});
            return Predicate::compare(of, comparison, Scalar::integer(number));
        }
        const Bytes document = document_from_json(values[random_.below(values.size())]).value();
        return Predicate::compare(of, comparison, Scalar::of(Value::of(document)));
    };
    std::function<Predicate(int)> any_predicate = [&](int depth) -> Predicate {
        switch (depth == 0 ? 0 : random_.below(5)) {
            case 1: return any_predicate(depth - 1) && any_predicate(depth - 1);
            case 2: return any_predicate(depth - 1) || any_predicate(depth - 1);
            case 3: return !any_predicate(depth - 1);
            default: return any_constant(random_.below(2) == 0 ? field("/v") : field("/w"));
        }
    };
    for (int i = 0; i < 1500; ++i) {
        Query query = scan("r/*").where(any_predicate(3));
        switch (random_.below(4)) {
            case 0: query.aggregate({count()}); break;
            case 1: query.group_by({"/v"}).aggregate({count(), sum("/w"), distinct("/i")}); break;
            case 2: query.select({Field::name(), "/v", "/w"}); break;
            default: query.select({"/i"}).top(7, "/w"); break;
        }
        if (random_.below(3) == 0) query.limit(1 + random_.below(20));
        if (random_.below(3) == 0) query.parallel(2);
        ASSERT_EQ(text_of(after.run(query).value()), text_of(before.run(query).value())) << i;
    }
}

/// Each commit sells one seat and frees another, so the number of sold seats is the same at each
/// revision.
TEST_F(IndexQuery, QuerySeesOneRevisionDuringWrites) {
    constexpr int seats = 400;
    constexpr int sold = 25;
    const auto name_of = [](std::uint64_t seat) { return "seat/" + std::to_string(seat); };
    for (int i = 0; i < seats; ++i) {
        client_.put(name_of(static_cast<std::uint64_t>(i)), i < sold ? "[\"sold\"]" : "[\"free\"]")
            .value();
    }
    add_index("seat/*", "/0");
    std::vector<Child> writers;
    for (unsigned writer = 0; writer < 2; ++writer) {
        writers.emplace_back([&, writer] {
            Client client = Client::attach({.grid = grid_.name()}).value();
            testing::Random choice = random(10 + writer);
            for (;;) {
                const std::string one = name_of(choice.below(seats));
                const std::string other = name_of(choice.below(seats));
                const auto a = client.get(one);
                const Version a_version = a->version();
                const bool is_sold = a->document()[0].as_string() == "sold";
                const Version b_version = client.get(other)->version();
                const bool is_other_sold = client.get(other)->document()[0].as_string() == "sold";
                if (is_sold == is_other_sold) continue;
                Transaction exchange;
                exchange
                    .put(one, is_sold ? "[\"free\"]" : "[\"sold\"]",
                         {.condition = Condition::version_is(a_version)})
                    .value();
                exchange
                    .put(other, is_sold ? "[\"sold\"]" : "[\"free\"]",
                         {.condition = Condition::version_is(b_version)})
                    .value();
                static_cast<void>(client.commit(exchange));
            }
        });
    }
    const Query counted = scan("seat/*").where(field("/0") == "sold").aggregate({count()});
    const Query selected = scan("seat/*").where(field("/0") == "sold").select({"/0"});
    const Revision first = client_.revision();
    for (int queries = 0; queries < 300 || client_.revision() <= first + 300; ++queries) {
        for (const Child& writer : writers) ASSERT_FALSE(writer.has_ended());
        const Snapshot snapshot = client_.snapshot().value();
        ASSERT_EQ(text_of(snapshot.run(counted).value()), std::to_string(sold) + " \n");
        const Rows rows = snapshot.run(selected).value();
        ASSERT_EQ(rows.size(), static_cast<std::size_t>(sold));
        for (const Row row : rows) ASSERT_EQ(row[0].as_string(), "sold");
    }
}

/// Commits and the broker's death remove and rebuild the index during the query.
TEST_F(IndexQuery, QueryWorksWhenItsIndexIsDropped) {
    constexpr int records = 3000;
    for (int i = 0; i < records; ++i) {
        client_.put("r/" + std::to_string(i), "[" + std::to_string(i % 100) + "]").value();
    }
    const testing::SharedCount queries;
    const testing::SharedCount removals;
    Child stirrer([&] {
        const auto await_queries = [&] {
            for (const auto end = queries.value() + 20; queries.value() < end;) usleep(500);
        };
        for (;;) {
            Client client = testing::attach_at_last(grid_.name());
            static_cast<void>(client.add_index("r/*", "/0"));
            while (is_building(client)) usleep(500);
            await_queries();
            static_cast<void>(client.remove_index("r/*", "/0"));
            removals.add();
            await_queries();
        }
    });
    const Query query = scan("r/*").where(field("/0") == 42).aggregate({count()});
    const Query rows = scan("r/*").where(field("/0") == 42).select({"/0"});
    for (int round = 0; round < 6; ++round) {
        for (const auto end = removals.value() + 2; removals.value() < end; queries.add()) {
            const Snapshot snapshot = client_.snapshot().value();
            ASSERT_EQ(text_of(snapshot.run(query).value()), "30 \n");
            ASSERT_EQ(snapshot.run(rows)->size(), 30U);
            ASSERT_FALSE(stirrer.has_ended());
        }
        grid_.kill_broker();
        grid_.start();
    }
}

}  // namespace
}  // namespace ringside
