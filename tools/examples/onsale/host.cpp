#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "tools/examples/onsale/onsale.hpp"

namespace ringside::onsale {

namespace {

/// The counters of an event, read together with their version.
struct Sales {
    std::int64_t sold = 0;
    std::int64_t held = 0;
    std::int64_t available = 0;
    std::int64_t revenue = 0;
    Version version = 0;

    static Result<Sales> read(const Client& client, int event) {
        auto record = client.get(sales_name(event));
        if (!record) return record.error();
        const Value document = record->document();
        return Sales{document["sold"].as_int64().value_or(0),
                     document["held"].as_int64().value_or(0),
                     document["available"].as_int64().value_or(0),
                     document["revenue"].as_int64().value_or(0), record->version()};
    }
    [[nodiscard]] std::string json() const {
        return fmt::format(R"({{"sold":{},"held":{},"available":{},"revenue":{}}})", sold, held,
                           available, revenue);
    }
};

class Host {
public:
    Host(const Plan& plan, int number, Tally& tally)
        : plan_(plan),
          tally_(tally),
          client_(Client::attach({.grid = plan.grid, .program = fmt::format("host-{}", number)})
                      .value()),
          expiries_(client_.watch("hold/**", {.mode = WatchMode::every}).value()),
          random_(plan.seed * 1000 + static_cast<std::uint64_t>(number)) {}

    void play() {
        while (!tally_.stop.load()) {
            release_expired();
            act(below(plan_.events) + 1, below(plan_.sections), below(plan_.seats) + 1);
        }
    }

private:
    int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }

    static std::string hold_name(int event, int section, int number) {
        return fmt::format("hold/{}/{}/{:03}", event, static_cast<char>('A' + section), number);
    }

    /// Releases expired holds of all hosts; the first host that finds one releases the seat.
    void release_expired() {
        for (auto event = expiries_.poll(); event; event = expiries_.poll()) {
            if (event->kind != WatchKind::expire) continue;
            int sale = 0;
            int number = 0;
            char section = 'A';
            const std::string name(event->record.name());
            if (std::sscanf(name.c_str(), "hold/%d/%c/%d", &sale, &section, &number) != 3) continue;
            move_seat(sale, section - 'A', number, "held", "available");
        }
    }

    void act(int event, int section, int number) {
        auto seat = client_.get(seat_name(event, section, number));
        if (!seat) return;
        const std::string status(seat->document()["status"].as_string().value_or(""));
        const int choice = below(10);
        if (status == "available") {
            move_seat(event, section, number, "available", choice < 4 ? "sold" : "held");
        } else if (status == "held") {
            move_seat(event, section, number, "held", choice < 5 ? "sold" : "available");
        } else if (choice == 0) {
            move_seat(event, section, number, "sold", "available");
        }
    }

    /// Changes seat and counters in one commit, if neither has changed since they were read here.
    void move_seat(int event, int section, int number, const std::string& from,
                   const std::string& to) {
        auto sales = Sales::read(client_, event);
        const std::string name = seat_name(event, section, number);
        auto seat = client_.get(name);
        if (!sales || !seat || seat->document()["status"].as_string() != from) return;
        const std::int64_t price = seat->document()["price"].as_int64().value_or(0);
        const auto count = [&](const std::string& status) -> std::int64_t& {
            return status == "sold"   ? sales->sold
                   : status == "held" ? sales->held
                                      : sales->available;
        };
        --count(from);
        ++count(to);
        if (from == "sold") sales->revenue -= price;
        if (to == "sold") sales->revenue += price;

        Transaction transaction;
        transaction
            .patch(name, "/status", '"' + to + '"',
                   {.condition = Condition::version_is(seat->version())})
            .value();
        transaction
            .put(sales_name(event), sales->json(),
                 {.condition = Condition::version_is(sales->version)})
            .value();
        const std::string hold = hold_name(event, section, number);
        if (to == "held")
            transaction.put(hold, "{}", {.ttl = std::chrono::milliseconds(300)}).value();
        if (from == "held" && client_.get(hold)) transaction.remove(hold).value();
        const auto done = client_.commit(transaction);
        if (done) {
            ++tally_.commits;
        } else if (done.error().code == Errc::condition_failed ||
                   done.error().code == Errc::not_found) {
            ++tally_.conflicts;  // another host was faster, or the hold has just run out
        } else {
            ++tally_.failures;
        }
    }

    const Plan& plan_;
    Tally& tally_;
    Client client_;
    Watch expiries_;
    std::mt19937_64 random_;
};

}  // namespace

std::string seat_name(int event, int section, int number) {
    return fmt::format("event/{}/{}/seat/{:03}", event, static_cast<char>('A' + section), number);
}

std::string sales_name(int event) { return fmt::format("event/{}/sales", event); }

int seat_price(int section) { return std::max(1000, 9000 - 1500 * section); }

Result<void> open_sale(Client& client, const Plan& plan) {
    for (int event = 1; event <= plan.events; ++event) {
        Transaction transaction;
        for (int section = 0; section < plan.sections; ++section) {
            for (int number = 1; number <= plan.seats; ++number) {
                transaction
                    .put(seat_name(event, section, number),
                         fmt::format(
                             R"({{"status":"available","price":{},"section":"{}","number":{}}})",
                             seat_price(section), static_cast<char>('A' + section), number))
                    .value();
            }
        }
        const Sales sales{0, 0, std::int64_t{plan.sections} * plan.seats, 0, 0};
        transaction.put(sales_name(event), sales.json()).value();
        if (auto done = client.commit(transaction); !done) return done.error();
    }
    return {};
}

void play_host(const Plan& plan, int host, Tally& tally) { Host(plan, host, tally).play(); }

}  // namespace ringside::onsale
