#include <iostream>
#include <ringside/client.hpp>

/// A program that uses the installed package.
int main(int, char** arguments) {
    auto client = ringside::Client::attach({.grid = arguments[1]}).value();
    auto watch = client.watch("event/42/**").value();
    client.put("event/42/seat/A12", R"({"status":"free","price":4200})").value();

    auto record = client.get("event/42/seat/A12").value();
    auto price = record.document()["price"].as_int64();

    auto event = watch.next(std::chrono::seconds(60)).value();
    std::cout << event.record.name() << ' ' << to_json(event.record.document()) << '\n';
    return price == 4200 && event.record.name() == record.name() ? 0 : 1;
}
