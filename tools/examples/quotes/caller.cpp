#include <fmt/format.h>

#include <unordered_map>

#include "tools/examples/quotes/quotes.hpp"

namespace ringside::quotes {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto report_interval = std::chrono::milliseconds(100);

class Caller {
public:
    explicit Caller(const std::string& grid)
        : client_(Client::attach({.grid = grid, .program = "quotes-caller"}).value()),
          calls_(client_
                     .call_pipeline([this](std::uint64_t ticket, const Result<Answer>& answer) {
                         settle(ticket, answer);
                     })
                     .value()) {}

    /// Returns whether every call was answered correctly.
    bool play() {
        while (const std::int64_t demand = this->demand()) {
            while (asked_.size() < static_cast<std::size_t>(demand)) ask();
            if (Clock::now() >= next_report_) report();
            static_cast<void>(calls_.wait(std::chrono::milliseconds(20)));
        }
        calls_.wait_all(std::chrono::seconds(10)).value();
        fmt::print("caller: {} calls, {} wrong\n", called_, wrong_);
        return called_ > 0 && wrong_ == 0;
    }

private:
    struct Asked {
        Quote quote;
        Clock::time_point at;
    };

    std::int64_t demand() {
        return client_.get_value<std::int64_t>(demand_name, JsonPointer::parse("/calls").value())
            .value();
    }

    void ask() {
        const Quote quote{called_ % 1000, called_ % 8 + 1};
        ++called_;
        asked_[calls_.call(call_name, quote.json()).value()] = {quote, Clock::now()};
    }

    void settle(std::uint64_t ticket, const Result<Answer>& answer) {
        const Asked asked = asked_.at(ticket);
        asked_.erase(ticket);
        waited_ += Clock::now() - asked.at;
        ++answered_;
        if (answer && !answer->is_failure &&
            answer->document.root()["total"].as_int64() == asked.quote.total()) {
            return;
        }
        ++wrong_;
        fmt::print(stderr, "caller: {} got {}\n", asked.quote.json(),
                   answer ? to_json(answer->document.root()) : answer.error().text());
    }

    void report() {
        const std::chrono::duration<double, std::milli> waited = waited_;
        const Load load{static_cast<std::int64_t>(asked_.size()),
                        answered_ == 0 ? 0 : waited.count() / static_cast<double>(answered_)};
        client_.publish(load_subject, load.json()).value();
        waited_ = {};
        answered_ = 0;
        next_report_ = Clock::now() + report_interval;
    }

    Client client_;
    CallPipeline calls_;
    std::unordered_map<std::uint64_t, Asked> asked_;  ///< keyed by ticket
    std::int64_t called_ = 0;
    std::int64_t wrong_ = 0;
    std::int64_t answered_ = 0;  ///< since the last report
    Clock::duration waited_{};   ///< total of those
    Clock::time_point next_report_ = Clock::now() + report_interval;
};

}  // namespace

int play_caller(const std::string& grid) { return Caller(grid).play() ? 0 : 1; }

}  // namespace ringside::quotes
