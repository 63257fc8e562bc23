#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/examples/seatmap/seatmap.hpp"
#include "tools/examples/support/child_process.hpp"

namespace ringside::seatmap {

std::string seat_name(int event, int number) {
    return fmt::format("event/{}/seat/{}{:02}", event, static_cast<char>('A' + number / 20),
                       number % 20 + 1);
}

std::string seats_pattern(std::string_view event) {
    return fmt::format("event/{}/**/seat/*", event);
}

namespace {

class Feed {
public:
    explicit Feed(const std::string& grid)
        : client_(Client::attach({.grid = grid, .program = "seatmap-feed"}).value()),
          listener_(client_.listen(std::string(map_prefix) + "*").value()) {}

    void play() {
        while (!examples::is_asked_to_end()) {
            const auto interest =
                listener_.next(std::chrono::milliseconds(maps_.empty() ? 100 : 5));
            if (interest) follow(*interest);
            else if (interest.error().code != Errc::timed_out) throw Exception(interest.error());
            for (auto& [subject, map] : maps_) refresh(subject, map);
        }
        while (!maps_.empty()) rest(std::string(maps_.begin()->first));
    }

private:
    struct Map {
        std::string pattern;  ///< of its seats
        Watch seats;
        Version version = 0;
        std::int64_t edition = 0;
    };

    void follow(const Interest& interest) {
        if (interest.kind == InterestKind::unwanted) rest(interest.subject);
        else begin(interest);
    }

    void begin(const Interest& interest) {
        const std::string pattern =
            seats_pattern(std::string_view(interest.subject).substr(map_prefix.size()));
        // The watch comes first, so that changes during the first drawing cause another edition.
        Map map{pattern, client_.watch(pattern).value()};
        draw(interest.subject, map);
        maps_.insert_or_assign(interest.subject, std::move(map));
        listener_.accept(interest).value();
    }

    void rest(const std::string& subject) {
        const auto at = maps_.find(subject);
        if (at == maps_.end()) return;
        // Another feed may provide the subject by now; its map must not be removed.
        Transaction goodbye;
        goodbye.remove(subject, {.condition = Condition::version_is(at->second.version)}).value();
        goodbye
            .publish(rests_subject,
                     fmt::format(R"({{"subject":"{}","edition":{}}})", subject, at->second.edition))
            .value();
        const auto gone = client_.commit(goodbye);
        if (!gone && gone.error().code != Errc::condition_failed) throw Exception(gone.error());
        maps_.erase(at);
    }

    void refresh(const std::string& subject, Map& map) {
        bool has_changed = false;
        while (map.seats.poll()) has_changed = true;
        if (has_changed) draw(subject, map);
    }

    void draw(const std::string& subject, Map& map) {
        std::string seats;
        client_.snapshot()
            .value()
            .scan(map.pattern,
                  [&](const RecordView& seat) {
                      seats += seat.document()["status"].as_string() == "sold" ? 'x' : '.';
                      return true;
                  })
            .value();
        const auto sold = std::count(seats.begin(), seats.end(), 'x');
        map.edition = ++editions_;
        const std::string document =
            fmt::format(R"({{"edition":{},"free":{},"sold":{},"seats":"{}"}})", map.edition,
                        static_cast<std::int64_t>(seats.size()) - sold, sold, seats);
        map.version = client_.put(subject, document).value().version;
    }

    Client client_;
    Listener listener_;
    std::map<std::string, Map> maps_;  ///< keyed by subject
    std::int64_t editions_ = 0;
};

}  // namespace

int play_feed(const std::string& grid) {
    examples::catch_end();
    Feed(grid).play();
    return 0;
}

}  // namespace ringside::seatmap
