#pragma once

#include <string>
#include <vector>

#include "tools/examples/quotes/quotes.hpp"
#include "tools/examples/support/child_process.hpp"

namespace ringside::quotes {

/// The provider processes: one more when the load has been high for a while, one less when it has
/// been low.
class Crew {
public:
    static constexpr std::size_t size_max = 3;

    Crew(const Client& client, std::string grid);

    /// Takes a report of the load into account. What it did about it, for people; empty: nothing.
    std::string follow(const Load& load);

    /// Those that can be called now, as the grid's own records tell.
    [[nodiscard]] std::size_t serving() const;
    [[nodiscard]] std::size_t size() const noexcept { return providers_.size(); }

    /// Withdraws them all. Whether all have ended well, also those before.
    bool end();

private:
    void start();
    void withdraw();

    const Client& client_;
    std::string grid_;
    std::vector<examples::ChildProcess> providers_;
    int reports_high_ = 0;  ///< one after the other
    int reports_low_ = 0;
    bool all_ended_well_ = true;
};

}  // namespace ringside::quotes
