#include <iostream>
#include <ringside/client.hpp>
#include <ringside/sql.hpp>

/// A program that uses SQL from the installed package.
int main(int, char** arguments) {
    auto client = ringside::Client::attach({.grid = arguments[1]}).value();
    auto database = ringside::sql::Database::open(client.snapshot().value()).value();
    auto statement = database
                         .query(
                             "SELECT document ->> 'price' FROM records "
                             "WHERE name = 'event/42/seat/A12'")
                         .value();
    const auto row = statement.next().value();
    std::cout << std::get<std::int64_t>(row.value()[0]) << '\n';
}
