#pragma once

#include <deque>

#include "bench/peers/channel.hpp"
#include "bench/support/process.hpp"

namespace ringside::bench {

/// A number of sleeping watchers, each in a separate process on core 0.
class FanOut {
public:
    FanOut(const Channel& channel, std::size_t watchers);

    struct Cost {
        double last_has_it_ns;  ///< from the call of `announce`
        bool is_complete;       ///< whether all watchers have it
    };
    /// Announces one document, and waits until all watchers have it.
    Cost announce();

private:
    void watch(const Channel& channel) const;

    std::size_t watchers_;
    std::unique_ptr<Announcer> announcer_;
    std::uint64_t number_ = 0;
    SharedFlag expected_;  ///< number of the current document
    SharedFlag last_ns_;   ///< when the last watcher received it
    SharedFlag have_it_;
    std::deque<Child> children_;
};

/// Processor time used by a process.
double processor_time_ns(pid_t process);

}  // namespace ringside::bench
