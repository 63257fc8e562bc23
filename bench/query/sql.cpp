#include "ringside/sql.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

#include "bench/query/query.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

namespace {

constexpr const char* by_section =
    "SELECT section, count(*), sum(price) FROM seats GROUP BY section ORDER BY section";
constexpr const char* sold_of_documents =
    "SELECT sum(document ->> '$.price') FROM records WHERE document ->> '$.status' = 'sold'";
constexpr const char* declaration = "seats=event/*/seat/*(event:1, section, status, price)";

void check(bool is_right, const std::string& what) {
    if (!is_right) throw std::runtime_error("wrong: " + what);
}

/// SQLite as a program would use it for such documents: an in-memory table of JSON text. A view has
/// the same columns as ours, so that the same statement runs on both.
class JsonTable {
public:
    explicit JsonTable(const Seats& seats) {
        check(sqlite3_open(":memory:", &connection_) == SQLITE_OK, "sqlite3_open");
        run("CREATE TABLE records(name TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID");
        run("CREATE VIEW seats AS SELECT name, json_extract(document, '$.section') AS section, "
            "json_extract(document, '$.status') AS status, "
            "json_extract(document, '$.price') AS price FROM records");
        run("BEGIN");
        sqlite3_stmt* insert = nullptr;
        sqlite3_prepare_v2(connection_, "INSERT INTO records VALUES (?1, ?2)", -1, &insert,
                           nullptr);
        for (std::size_t i = 0; i < seats.size(); ++i) {
            const std::string name = Seats::name(i);
            const std::string json = to_json(Value::of(seats.documents()[i]));
            sqlite3_bind_text(insert, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
            sqlite3_bind_text(insert, 2, json.data(), static_cast<int>(json.size()), SQLITE_STATIC);
            check(sqlite3_step(insert) == SQLITE_DONE, sqlite3_errmsg(connection_));
            sqlite3_reset(insert);
        }
        sqlite3_finalize(insert);
        run("COMMIT");
    }
    ~JsonTable() { sqlite3_close(connection_); }
    JsonTable(const JsonTable&) = delete;
    JsonTable& operator=(const JsonTable&) = delete;

    /// Returns the rows of a query, as text.
    [[nodiscard]] std::string rows(const char* query) const {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(connection_, query, -1, &statement, nullptr);
        check(statement != nullptr, sqlite3_errmsg(connection_));
        std::string text;
        while (sqlite3_step(statement) == SQLITE_ROW) {
            for (int i = 0; i < sqlite3_column_count(statement); ++i) {
                text.append(reinterpret_cast<const char*>(sqlite3_column_text(statement, i))) +=
                    ' ';
            }
        }
        sqlite3_finalize(statement);
        return text;
    }

private:
    void run(const char* statement) {
        check(sqlite3_exec(connection_, statement, nullptr, nullptr, nullptr) == SQLITE_OK,
              sqlite3_errmsg(connection_));
    }
    sqlite3* connection_ = nullptr;
};

/// Returns the rows of a query at a new snapshot.
std::string rows(const Client& client, const std::string& query) {
    auto database =
        sql::Database::open(client.snapshot().value(), {.tables = {declaration}}).value();
    auto statement = database.query(query).value();
    std::string text;
    for (auto row = statement.next().value(); row; row = statement.next().value()) {
        for (const sql::Cell& cell : *row) {
            const auto* number = std::get_if<std::int64_t>(&cell);
            text += number != nullptr ? std::to_string(*number)
                                      : std::string(std::get<std::string_view>(cell));
            text += ' ';
        }
    }
    return text;
}

template <class Work>
double ns_per_record(const Seats& seats, const Work& work) {
    const auto start = Clock::now();
    work();
    return ns_since(start) / static_cast<double>(seats.size());
}

void measure_groups(Report& report, const Client& client, const Seats& seats, int slices) {
    const JsonTable table(seats);
    const Query typed_query =
        scan("event/*/seat/*").group_by({"/section"}).aggregate({count(), sum("/price")});
    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> typed;
    std::vector<double> documents;
    std::vector<double> their_documents;
    for (int slice = 0; slice < slices; ++slice) {
        std::string found[4];
        ours.push_back(ns_per_record(seats, [&] { found[0] = rows(client, by_section); }));
        theirs.push_back(ns_per_record(seats, [&] { found[1] = table.rows(by_section); }));
        typed.push_back(ns_per_record(seats, [&] {
            check(client.snapshot().value().run(typed_query).value().size() == Seats::sections,
                  "sections");
        }));
        documents.push_back(
            ns_per_record(seats, [&] { found[2] = rows(client, sold_of_documents); }));
        their_documents.push_back(
            ns_per_record(seats, [&] { found[3] = table.rows(sold_of_documents); }));
        check(found[0] == found[1], "groups");
        check(found[2] == found[3], "sums");
    }
    report.ratio("SQL group-by of 40 groups, count and sum, a record", ours, "ns", theirs,
                 "the same statement, SQLite's own table of JSON text", 1.0 / 3);
    report.ratio("the same, a record", ours, "ns", typed, "typed group-by", 8);
    report.ratio("SQL sum of document ->> with a condition, a record", documents, "ns",
                 their_documents, "the same statement, SQLite's own table of JSON text", 0.5);
}

void measure_one_event(Report& report, const Client& client, const Seats& seats, int slices) {
    std::vector<double> samples;
    for (int i = 0; i < slices * 20; ++i) {
        const std::size_t event =
            static_cast<std::size_t>(i) * 7919 % (seats.size() / Seats::seats_per_event);
        const std::string query = fmt::format(
            "SELECT section, count(*), sum(price) FROM seats WHERE event = '{}' "
            "GROUP BY section",
            Seats::name(event * Seats::seats_per_event).substr(6, 4));
        const auto start = Clock::now();
        const std::string found = rows(client, query);
        samples.push_back(ns_since(start));
        check(!found.empty(), "event");
    }
    report.absolute(fmt::format("SQL group-by of one event, 1000 of {} records", seats.size()),
                    median(samples), "ns", Report::Wanted::at_most, 1e6);
}

}  // namespace

void measure_sql(Report& report, const Client& client, const Seats& seats,
                 const QueryScale& scale) {
    pin_to(0);
    measure_groups(report, client, seats, scale.slices);
    measure_one_event(report, client, seats, scale.slices);
    unpin();
}

}  // namespace ringside::bench
