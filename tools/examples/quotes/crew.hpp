#pragma once

#include <string>
#include <vector>

#include "tools/examples/quotes/quotes.hpp"
#include "tools/examples/support/child_process.hpp"

namespace ringside::quotes {

/// The provider processes: one is added when the load has been high for a while, and one is
/// withdrawn when it has been low.
class Crew {
public:
    static constexpr std::size_t size_max = 3;

    Crew(const Client& client, std::string grid);

    /// Takes a report of the load. Returns what it did, for people; empty if nothing.
    std::string follow(const Load& load);

    /// Returns how many can be called now, according to the grid's own records.
    [[nodiscard]] std::size_t serving() const;
    [[nodiscard]] std::size_t size() const noexcept { return providers_.size(); }

    /// Withdraws them all. Returns whether all, including earlier ones, have ended without an
    /// error.
    bool end();

private:
    void start();
    void withdraw();

    const Client& client_;
    std::string grid_;
    std::vector<examples::ChildProcess> providers_;
    int reports_high_ = 0;  ///< consecutive
    int reports_low_ = 0;
    bool all_ended_well_ = true;
};

}  // namespace ringside::quotes
