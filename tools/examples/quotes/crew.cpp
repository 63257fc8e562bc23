#include "tools/examples/quotes/crew.hpp"

#include <fmt/format.h>

namespace ringside::quotes {

namespace {

// Calls under way per provider. Between the two limits the crew does not change, so that a change
// of one provider does not cause the opposite change.
constexpr std::int64_t high = 6;
constexpr std::int64_t low = 2;
/// Consecutive reports of a load before the crew reacts.
constexpr int reports_needed = 3;

}  // namespace

Crew::Crew(const Client& client, std::string grid) : client_(client), grid_(std::move(grid)) {
    start();
}

std::string Crew::follow(const Load& load) {
    // The last change must take effect first.
    if (serving() != size()) return {};
    const auto providers = static_cast<std::int64_t>(size());
    reports_high_ = load.under_way > high * providers ? reports_high_ + 1 : 0;
    reports_low_ = load.under_way < low * providers ? reports_low_ + 1 : 0;
    if (reports_high_ >= reports_needed && size() < size_max) {
        start();
        return fmt::format("provider {} starts (pid {})", size(), providers_.back().pid());
    }
    if (reports_low_ >= reports_needed && size() > 1) {
        withdraw();
        return fmt::format("provider {} has withdrawn", size() + 1);
    }
    return {};
}

std::size_t Crew::serving() const {
    std::size_t count = 0;
    client_.snapshot()
        .value()
        .scan(fmt::format("$sys/rpc/{}/**", call_name),
              [&](const RecordView&) {
                  ++count;
                  return true;
              })
        .value();
    return count;
}

void Crew::start() {
    providers_.emplace_back(std::vector<std::string>{"--grid", grid_, "provider"});
    reports_high_ = 0;
}

void Crew::withdraw() {
    providers_.back().ask_to_end();
    if (providers_.back().wait() != 0) all_ended_well_ = false;
    providers_.pop_back();
    reports_low_ = 0;
}

bool Crew::end() {
    while (!providers_.empty()) withdraw();
    return all_ended_well_;
}

}  // namespace ringside::quotes
