#include <fmt/format.h>

#include <functional>
#include <thread>

#include "tools/examples/quotes/crew.hpp"

namespace ringside::quotes {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto time_of_a_scene = std::chrono::seconds(30);

class Show {
public:
    explicit Show(const std::string& grid)
        : client_(Client::attach({.grid = grid, .program = "quotes"}).value()),
          loads_(client_.subscribe(load_subject).value()),
          crew_(client_, grid) {}

    bool play(const std::string& grid) {
        ask_for(1);
        if (!until_first_provider()) return false;
        examples::ChildProcess caller({"--grid", grid, "caller"});
        say("one call at a time");
        bool has_scaled = follow_load(10, [] { return true; });
        ask_for(24);
        say("twenty-four at a time");
        has_scaled =
            has_scaled && follow_load(10, [&] { return crew_.serving() == Crew::size_max; });
        ask_for(1);
        say("one at a time again");
        has_scaled = has_scaled && follow_load(10, [&] { return crew_.serving() == 1; });
        ask_for(0);
        const bool is_all_answered = caller.wait() == 0;
        const bool is_all_ended = crew_.end();
        fmt::print("from 1 to {} providers and back: {}; the caller saw {}; providers ended {}\n",
                   Crew::size_max, has_scaled ? "yes" : "NO",
                   is_all_answered ? "no error" : "ERRORS", is_all_ended ? "in order" : "BADLY");
        return has_scaled && is_all_answered && is_all_ended;
    }

private:
    void ask_for(int calls) {
        client_.put(demand_name, fmt::format(R"({{"calls":{}}})", calls)).value();
    }

    bool until_first_provider() {
        Watch providers = client_.watch("$sys/rpc/**", {.initial = true}).value();
        while (crew_.serving() == 0) {
            if (!providers.next(time_of_a_scene)) return false;
        }
        return true;
    }

    /// Lets the crew follow the load until `is_reached` holds in `reports` consecutive reports.
    /// Returns false on timeout.
    bool follow_load(int reports, const std::function<bool()>& is_reached) {
        const auto deadline = Clock::now() + time_of_a_scene;
        for (int reached = 0; reached < reports;) {
            const auto event = loads_.next(std::chrono::seconds(5));
            if (!event || Clock::now() > deadline) return false;
            const Load load = Load::of(event->record.document());
            const std::string done = crew_.follow(load);
            if (!done.empty()) say(done);
            reached = is_reached() ? reached + 1 : 0;
            if (reached == reports) {
                say(fmt::format("{} under way, {:.1f} ms each", load.under_way, load.mean_ms));
            }
        }
        return true;
    }

    void say(const std::string& what) {
        const std::chrono::duration<double> now = Clock::now() - began_;
        fmt::print("{:6.2f} s  {} provider{}  {}\n", now.count(), crew_.size(),
                   crew_.size() == 1 ? " " : "s", what);
        std::fflush(stdout);
    }

    Clock::time_point began_ = Clock::now();
    Client client_;
    Watch loads_;
    Crew crew_;
};

}  // namespace

int play_show(const std::string& grid) { return Show(grid).play(grid) ? 0 : 1; }

}  // namespace ringside::quotes
