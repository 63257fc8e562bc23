#include "ringside/query.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "query/group_table.hpp"
#include "ringside/client.hpp"
#include "shm/base/limits.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

/// Returns rows as JSON, one per line.
std::string rows_text(const Rows& rows) {
    std::string text;
    for (const Row row : rows) {
        for (const OwnedScalar& value : row) {
            append_json(value.view(), text);
            text += ' ';
        }
        text.back() = '\n';
    }
    return text;
}

class QueryTest : public ::testing::Test {
protected:
    testing::TestGrid grid_{{"--memory", "128MiB"}};
    Client client_ = Client::attach({.grid = grid_.name()}).value();

    void put(std::initializer_list<std::pair<const char*, const char*>> records) {
        for (const auto& [name, json] : records) client_.put(name, json).value();
    }
    Rows run(const Query& query) const { return client_.snapshot().value().run(query).value(); }
    std::string answer(const Query& query) const { return rows_text(run(query)); }
    Error error_of(const Query& query) const {
        return client_.snapshot().value().run(query).error();
    }
    /// Writes seats of several events, some with missing fields or unusual types.
    void put_seats(int events, int seats) {
        std::mt19937 random(7);
        Pipeline pipeline = client_.pipeline().value();
        for (int event = 0; event < events; ++event) {
            for (int seat = 0; seat < seats; ++seat) {
                pipeline.put("event/" + std::to_string(event) + "/seat/" + std::to_string(seat),
                             seat_json(random));
            }
        }
        pipeline.flush().value();
    }
    static std::string seat_json(std::mt19937& random) {
        static constexpr const char* prices[] = {
            "4200", "0.1", "18446744073709551615", "-7", "1e300", "null", R"("free")", "[1]"};
        std::string json = R"({"section":"S)" + std::to_string(random() % 7) + '"';
        if (random() % 10 != 0) {
            json += R"(,"status":")";
            json += random() % 4 == 0 ? "sold\"" : "free\"";
        }
        const auto choice = random() % 20;
        if (choice < 19)
            json +=
                R"(,"price":)" + (choice < 8 ? prices[choice] : std::to_string(random() % 9000));
        return json + "}";
    }
};

TEST_F(QueryTest, TheExampleOfItsDocumentationWorks) {
    put({{"event/1/seat/1", R"({"section":"A","status":"sold","price":4200})"},
         {"event/1/seat/2", R"({"section":"B","status":"sold","price":100})"},
         {"event/1/seat/3", R"({"section":"A","status":"sold","price":800})"},
         {"event/1/seat/4", R"({"section":"A","status":"free","price":800})"},
         {"event/1", R"({"section":"A","status":"sold","price":7})"}});
    const Snapshot snapshot = client_.snapshot().value();
    const Rows rows = snapshot
                          .run(scan("event/*/seat/*")
                                   .where(field("/status") == "sold")
                                   .group_by({"/section"})
                                   .aggregate({count(), sum("/price")}))
                          .value();
    EXPECT_EQ(rows.revision(), snapshot.revision());
    EXPECT_EQ(rows.columns(), (std::vector<std::string>{"/section", "count", "sum(/price)"}));
    EXPECT_EQ(rows_text(rows), "\"A\" 2 5000\n\"B\" 1 100\n");
}

TEST_F(QueryTest, SelectsFieldsInTheOrderOfNames) {
    put({{"r/2", R"({"a":1,"b":[1,2]})"}, {"r/1", R"({"a":"x"})"}, {"r/3", "5"}});
    EXPECT_EQ(answer(scan("r/*").select({"/a", "/b", Field::level(1), ""})),
              "\"x\" null \"1\" {\"a\":\"x\"}\n"
              "1 [1,2] \"2\" {\"a\":1,\"b\":[1,2]}\n"
              "null null \"3\" 5\n");
    EXPECT_EQ(answer(scan("r/*")), "\"r/1\"\n\"r/2\"\n\"r/3\"\n") << "the name without more";
    EXPECT_EQ(answer(scan("r/*").limit(2)), "\"r/1\"\n\"r/2\"\n");
    EXPECT_EQ(answer(scan("r/*").limit(0)), "");
    EXPECT_EQ(answer(scan("none/*")), "");
    EXPECT_EQ(answer(scan("r/2").select({Field::version()})), "1\n");
}

TEST_F(QueryTest, ConditionsOfSeveralCallsMustAllHold) {
    put({{"r/1", R"({"a":1,"b":1})"}, {"r/2", R"({"a":1,"b":2})"}});
    EXPECT_EQ(answer(scan("r/*").where(field("/a") == 1).where(field("/b") == 2)), "\"r/2\"\n");
}

TEST_F(QueryTest, AggregatesWithoutGroupsGiveOneRow) {
    put({{"r/1", R"({"a":1})"},
         {"r/2", R"({"a":2.5})"},
         {"r/3", R"({"a":"x"})"},
         {"r/4", R"({"a":null})"},
         {"r/5", "{}"},
         {"r/6", R"({"a":1.0})"},
         {"r/7", R"({"a":[]})"}});
    const auto all = [](const char* pattern) {
        return scan(pattern).aggregate(
            {count(), sum("/a"), average("/a"), min("/a"), max("/a"), distinct("/a")});
    };
    EXPECT_EQ(answer(all("r/*")), "7 4.5 1.5 1 [] 4\n");
    EXPECT_EQ(answer(all("none/*")), "0 null null null null 0\n");
}

TEST_F(QueryTest, SumsAreExact) {
    put({{"i/1", "9223372036854775807"},
         {"i/2", "9223372036854775807"},
         {"i/3", "-1"},
         {"i/4", "-9223372036854775807"},
         {"u/1", "18446744073709551615"},
         {"u/2", "18446744073709551615"},
         {"r/1", "1e100"},
         {"r/2", "3"},
         {"r/3", "-1e100"},
         {"r/4", "0.25"}});
    EXPECT_EQ(answer(scan("i/*").aggregate({sum("")})), "9223372036854775806\n");
    EXPECT_EQ(answer(scan("u/*").aggregate({sum("")})),
              to_json(Scalar::real(2 * 18446744073709551615.0)) + "\n");
    EXPECT_EQ(answer(scan("r/*").aggregate({sum("")})), "3.25\n");
}

TEST_F(QueryTest, MissingValuesFormAGroup) {
    put({{"r/1", R"({"a":1,"b":"x"})"},
         {"r/2", R"({"a":1.0,"b":"x"})"},
         {"r/3", R"({"b":"x"})"},
         {"r/4", R"({"a":null,"b":"y"})"},
         {"r/5", R"({"a":"1","b":"x"})"},
         {"r/6", R"({"a":1,"b":"y"})"}});
    EXPECT_EQ(answer(scan("r/*").group_by({"/a"}).aggregate({count()})), "null 2\n1 3\n\"1\" 1\n");
    EXPECT_EQ(answer(scan("r/*").group_by({"/b", "/a"}).aggregate({count()})),
              "\"x\" null 1\n\"x\" 1 2\n\"x\" \"1\" 1\n\"y\" null 1\n\"y\" 1 1\n");
    EXPECT_EQ(answer(scan("r/*").group_by({"/b"})), "\"x\"\n\"y\"\n") << "the keys alone";
    EXPECT_EQ(answer(scan("none/*").group_by({"/b"}).aggregate({count()})), "");
}

TEST_F(QueryTest, TopGivesWhatComesFirst) {
    put({{"r/1", R"({"a":3,"g":"x"})"},
         {"r/2", R"({"a":9,"g":"y"})"},
         {"r/3", R"({"a":3,"g":"y"})"},
         {"r/4", R"({"g":"x"})"},
         {"r/5", R"({"a":1,"g":"x"})"}});
    EXPECT_EQ(answer(scan("r/*").top(3, "/a")), "\"r/2\"\n\"r/1\"\n\"r/3\"\n");
    EXPECT_EQ(answer(scan("r/*").top(3, "/a", Order::ascending)), "\"r/4\"\n\"r/5\"\n\"r/1\"\n");
    EXPECT_EQ(answer(scan("r/*").top(3, "/a").limit(1)), "\"r/2\"\n");
    EXPECT_EQ(answer(scan("r/*").top(0, "/a")), "");
    EXPECT_EQ(answer(scan("r/*").top(99, "/a")).size(), 5 * 6U);
    EXPECT_EQ(
        answer(scan("r/*").group_by({"/g"}).aggregate({count(), sum("/a")}).top(1, sum("/a"))),
        "\"y\" 2 12\n");
    EXPECT_EQ(
        answer(scan("r/*").group_by({"/g"}).aggregate({count()}).top(1, "/g", Order::descending)),
        "\"y\" 2\n");
}

TEST_F(QueryTest, InvalidQueryIsReported) {
    EXPECT_EQ(error_of(scan("a**")), Errc::bad_pattern);
    EXPECT_EQ(error_of(scan("a").where(field("x") == 1)), Errc::bad_pointer);
    EXPECT_EQ(error_of(scan("a").select({"x"})), Errc::bad_pointer);
    EXPECT_EQ(error_of(scan("a").group_by({"x"})), Errc::bad_pointer);
    EXPECT_EQ(error_of(scan("a").aggregate({sum("x")})), Errc::bad_pointer);
    EXPECT_EQ(error_of(scan("a").top(1, "x")), Errc::bad_pointer);
    EXPECT_EQ(error_of(scan("a").select({"/x"}).aggregate({count()})), Errc::bad_query);
    EXPECT_EQ(error_of(scan("a").top(1, count())), Errc::bad_query);
    EXPECT_EQ(error_of(scan("a").aggregate({count()}).top(1, sum("/x"))), Errc::bad_query);
    EXPECT_EQ(error_of(scan("a").group_by({"/x"}).top(1, "/y")), Errc::bad_query);
    EXPECT_EQ(error_of(scan("a").parallel(limits::query_threads_max + 1)), Errc::bad_query);
    EXPECT_EQ(error_of(scan("a").select(std::vector<Field>(limits::query_columns_max + 1, "/x"))),
              Errc::query_too_large);
}

TEST_F(QueryTest, HasALimitOfBytes) {
    const std::string text = '"' + std::string(1U << 20, 'x') + '"';
    for (const char* name : {"r/1", "r/2", "r/3"}) client_.put(name, text).value();
    const std::vector<Field> fields(limits::query_bytes_max / (3U << 20) + 1, "");
    EXPECT_EQ(error_of(scan("r/*").select(fields)), Errc::query_too_large);
    EXPECT_TRUE(client_.snapshot().value().run(scan("r/1").select(fields)));
}

TEST_F(QueryTest, SeveralThreadsGiveWhatOneGives) {
    put_seats(40, 150);
    const std::vector<Query> queries = {
        scan("event/*/seat/*").where(field("/status") == "sold").select({Field::name(), "/price"}),
        scan("event/*/seat/*").select({Field::name()}).limit(4321),
        scan("event/1*/seat/*").where(field("/price") > 4000).select({Field::name()}),
        scan("event/**").top(100, "/price").select({Field::name(), "/price"}),
        scan("event/*/seat/*")
            .group_by({"/section", "/status"})
            .aggregate({count(), sum("/price"), average("/price"), min("/price"), max("/price"),
                        distinct("/price")}),
        scan("event/*/seat/*").aggregate({sum("/price"), count()}),
        scan("event/7/seat/*").aggregate({sum("/price"), count()}),
    };
    const Snapshot snapshot = client_.snapshot().value();
    for (std::size_t i = 0; i < queries.size(); ++i) {
        const std::string expected = rows_text(snapshot.run(queries[i]).value());
        EXPECT_FALSE(expected.empty());
        for (const std::size_t threads : {0U, 2U, 3U, 8U}) {
            Query query = queries[i];
            EXPECT_EQ(rows_text(snapshot.run(query.parallel(threads)).value()), expected)
                << "query " << i << ", " << threads << " threads";
        }
    }
}

TEST_F(QueryTest, QuerySeesOneRevisionDuringWrites) {
    // Each commit preserves the sum over all records.
    constexpr int records = 300;
    for (int i = 0; i < records; ++i) client_.put("a/" + std::to_string(i), "100").value();
    std::atomic<bool> ends = false;
    std::thread writer([&] {
        Client own = Client::attach({.grid = grid_.name()}).value();
        std::mt19937 random(1);
        while (!ends) {
            const int amount = static_cast<int>(random() % 50);
            Transaction transfer;
            const auto name = [&] { return "a/" + std::to_string(random() % records); };
            const std::string from = name();
            const std::string to = name();
            if (from == to) continue;
            const auto balance = [&](const std::string& of) {
                return *own.get(of).value().document().as_int64();
            };
            transfer.put(from, std::to_string(balance(from) - amount));
            transfer.put(to, std::to_string(balance(to) + amount));
            own.commit(transfer).value();
        }
    });
    for (int i = 0; i < 200; ++i) {
        const Rows rows = run(scan("a/*")
                                  .aggregate({sum(""), count()})
                                  .parallel(static_cast<std::size_t>(1 + i % 2)));
        ASSERT_EQ(rows_text(rows), "30000 300\n");
    }
    ends = true;
    writer.join();
}

TEST(Query, EndsWithAnErrorWhenItsSnapshotIsRevoked) {
    const testing::TestGrid grid({"--memory", "16MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const std::string text = '"' + std::string(3000, 'x') + '"';
    for (int i = 0; i < 200; ++i) client.put("r/" + std::to_string(i), text).value();
    const Snapshot snapshot = client.snapshot().value();
    const Query query = scan("r/*").group_by({""}).aggregate({count()});
    EXPECT_EQ(rows_text(snapshot.run(query).value()), text + " 200\n");
    // Memory is short, so the snapshot's pin is revoked.
    for (int i = 0; i < 50'000; ++i) client.put("r/0", text).value();
    EXPECT_EQ(snapshot.run(query).error(), Errc::snapshot_expired);
    EXPECT_TRUE(client.snapshot().value().run(query));
}

TEST(GroupTable, HasALimitOfGroups) {
    query::GroupTable table(1, 0);
    for (std::size_t i = 0; i < limits::query_groups_max; ++i) {
        const Scalar key = Scalar::unsigned_integer(i);
        ASSERT_EQ(table.group_of({&key, 1}), i);
    }
    const Scalar known = Scalar::unsigned_integer(17);
    const Scalar further = Scalar::unsigned_integer(limits::query_groups_max);
    EXPECT_EQ(table.group_of({&known, 1}), 17U);
    EXPECT_FALSE(table.group_of({&further, 1}));
}

TEST_F(QueryTest, AnAverageIsFiniteWhereTheSumIsNot) {
    put({{"v/1", R"({"n":1.7e308})"}, {"v/2", R"({"n":1.7e308})"}});
    EXPECT_EQ(answer(scan("v/*").aggregate({average("/n"), sum("/n")})), "1.7e+308 \"Inf\"\n");
    put({{"v/1", R"({"n":9223372036854775807})"}, {"v/2", R"({"n":9223372036854775807})"}});
    EXPECT_EQ(run(scan("v/*").aggregate({average("/n")}))[0][0].as_double(), 9223372036854775808.0);
}

}  // namespace
}  // namespace ringside
