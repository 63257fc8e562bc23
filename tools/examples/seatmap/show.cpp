#include <fmt/format.h>

#include <optional>

#include "tools/examples/seatmap/seatmap.hpp"
#include "tools/examples/support/child_process.hpp"

namespace ringside::seatmap {

namespace {

constexpr int event_number = 1;
constexpr int seats = 80;
constexpr auto patience = std::chrono::seconds(20);

/// A map as a spectator sees it.
struct Sight {
    std::int64_t edition = 0;
    std::int64_t sold = 0;
};

class Show {
public:
    explicit Show(const std::string& grid)
        : client_(Client::attach({.grid = grid, .program = "seatmap"}).value()),
          rests_(client_.subscribe(rests_subject).value()) {}

    bool play() {
        Transaction opening;
        for (int i = 0; i < seats; ++i)
            opening.put(seat_name(event_number, i), R"({"status":"free"})").value();
        client_.commit(opening).value();
        sell(20);
        check(!client_.get(map_name_), "nobody watches: there is no map");
        const std::int64_t before = first_watch();
        sell(20);
        check(!client_.get(map_name_), "seats are sold, and there is no map");
        std::optional<Watch> late = spectator();
        const auto sight = until_sold(*late);
        check(sight && sight->edition == before + 1, "a spectator watches again: the next edition");
        return is_well_;
    }

private:
    /// A spectator arrives, sees seats sold, and leaves. Returns the last edition that was
    /// computed.
    std::int64_t first_watch() {
        std::optional<Watch> early = spectator();
        const auto first = until_sold(*early);
        check(first && first->edition == 1, "a spectator watches: edition 1 has all sold seats");
        sell(20);
        check(until_sold(*early).has_value(), "the map follows what is sold");
        std::optional<Watch> second = spectator();
        sell(1);
        check(until_sold(*second).has_value(), "another one watches, too");
        early.reset();
        sell(1);
        check(until_sold(*second).has_value(), "one spectator leaves: the map continues");
        check(client_.has_provider(map_name_).value(), "it has a provider");
        second.reset();
        const auto rest = rests_.next(patience);
        check(rest.has_value(), "the last spectator leaves: the feed rests");
        check(!client_.has_provider(map_name_).value(), "nobody provides it");
        return rest ? rest->record.document()["edition"].as_int64().value_or(0) : 0;
    }

    Watch spectator() { return client_.watch(map_name_, {.initial = true}).value(); }

    void sell(int count) {
        for (const int end = sold_ + count; sold_ < end; ++sold_)
            client_.put(seat_name(event_number, sold_), R"({"status":"sold"})").value();
    }

    /// Watches until the map shows all sold seats.
    std::optional<Sight> until_sold(Watch& watch) const {
        while (auto event = watch.next(patience)) {
            const Value map = event->record.document();
            const Sight sight{map["edition"].as_int64().value_or(0),
                              map["sold"].as_int64().value_or(0)};
            if (sight.sold == sold_) return sight;
        }
        return std::nullopt;
    }

    void check(bool holds, const char* what) {
        fmt::print("{:>3}  {}: {}\n", sold_, what, holds ? "yes" : "NO");
        if (!holds) is_well_ = false;
    }

    Client client_;
    Watch rests_;
    std::string map_name_ = fmt::format("{}{}", map_prefix, event_number);
    int sold_ = 0;
    bool is_well_ = true;
};

}  // namespace

int play_show(const std::string& grid) {
    Show show(grid);
    examples::ChildProcess feed({"--grid", grid, "feed"});
    fmt::print("sold\n");
    const bool is_well = show.play();
    feed.ask_to_end();
    return feed.wait() == 0 && is_well ? 0 : 1;
}

}  // namespace ringside::seatmap
