#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ringside/client.hpp"
#include "tools/gateway/grid/completion.hpp"
#include "tools/gateway/grid/content.hpp"

namespace ringside::gateway {

/// A thread that makes the calls of all connections.
/// Thread safety: all members; completions run in the loop.
class Caller {
public:
    using Outcome = Result<Answer>;

    /// The client must outlive it.
    Caller(Client& client, Executor loop);
    /// Cancels calls that are under way. They fail with connection_lost.
    ~Caller();
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    /// Errors: those of `Client::call`; would_block if `limits::calls_per_lane_max` calls are under
    /// way.
    Task<Outcome> call(std::string name, Content content, CallOptions options);

private:
    struct Order {
        std::string name;
        Content content;
        CallOptions options;
        Completion<Outcome> done;
    };

    void run();
    [[nodiscard]] bool take_orders(std::vector<Order>& into, bool waits);
    void begin(CallPipeline& calls, std::vector<Order>& orders);
    void complete(Completion<Outcome> done, Outcome outcome);
    void end_all(const Error& error);

    Client& client_;
    const Executor loop_;
    std::mutex mutex_;
    std::condition_variable has_orders_;
    std::vector<Order> orders_;
    CallPipeline* calls_ = nullptr;  ///< interrupts its thread, which might wait for answers
    bool is_stopping_ = false;
    std::unordered_map<std::uint64_t, Completion<Outcome>>
        under_way_;  ///< used by the thread only; keyed by ticket
    std::thread thread_;
};

}  // namespace ringside::gateway
