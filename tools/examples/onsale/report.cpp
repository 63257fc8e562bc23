#include <fmt/format.h>

#include <map>
#include <utility>

#include "tools/examples/onsale/onsale.hpp"

namespace ringside::onsale {

namespace {

struct Line {
    std::int64_t sold = 0;
    std::int64_t held = 0;
    std::int64_t available = 0;
    std::int64_t revenue = 0;

    void add(const Value& seat) {
        const auto status = seat["status"].as_string();
        if (status == "sold") {
            ++sold;
            revenue += seat["price"].as_int64().value_or(0);
        } else if (status == "held") {
            ++held;
        } else if (status == "available") {
            ++available;
        }
    }
    [[nodiscard]] bool agrees_with(const Value& sales) const {
        return sales["sold"].as_int64() == sold && sales["held"].as_int64() == held &&
               sales["available"].as_int64() == available && sales["revenue"].as_int64() == revenue;
    }
};

}  // namespace

bool check_report(const Client& client, const Plan& plan, bool print) {
    const Snapshot snapshot = client.snapshot().value();
    bool adds_up = true;
    if (print) {
        fmt::print("\nrevision {}\nevent section   sold   held available    revenue\n",
                   snapshot.revision());
    }
    for (int event = 1; event <= plan.events; ++event) {
        std::map<std::string, Line> sections;
        Line all;
        snapshot
            .scan(
                fmt::format("event/{}/*/seat/*", event),
                [&](const RecordView& seat) {
                    sections[std::string(seat.document()["section"].as_string().value_or("?"))].add(
                        seat.document());
                    all.add(seat.document());
                    return true;
                })
            .value();
        for (const auto& [section, line] : sections) {
            if (line.sold + line.held + line.available != plan.seats) adds_up = false;
            if (print) {
                fmt::print("{:>5} {:>7} {:>6} {:>6} {:>9} {:>10}\n", event, section, line.sold,
                           line.held, line.available, line.revenue);
            }
        }
        if (sections.size() != static_cast<std::size_t>(plan.sections)) adds_up = false;
        if (!all.agrees_with(snapshot.get(sales_name(event)).value().document())) adds_up = false;
    }
    if (!adds_up) fmt::print(stderr, "revision {}: the sales do not add up\n", snapshot.revision());
    return adds_up;
}

}  // namespace ringside::onsale
