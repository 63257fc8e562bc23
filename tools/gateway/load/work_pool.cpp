#include "tools/gateway/load/work_pool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringside::gateway {

WorkPool::WorkPool(Executor loop, std::string_view kind, const WorkLimits& limits)
    : loop_(std::move(loop)), kind_(kind), limits_(limits), threads_(limits.threads) {}

WorkPool::~WorkPool() { threads_.join(); }

std::optional<Problem> WorkPool::refuse(const std::string& user) {
    const bool is_full = counts_.waiting >= limits_.waiting_max;
    const auto at = users_.find(user);
    const bool has_enough =
        at != users_.end() && at->second.waiting.size() >= limits_.waiting_per_user_max;
    if (!is_full && !has_enough) return std::nullopt;
    ++counts_.refused;
    constexpr std::chrono::seconds retry_after{1};
    if (has_enough) {
        return Problem{429, "too_many_requests",
                       fmt::format("{} requests of this user are waiting ({}); wait for answers",
                                   limits_.waiting_per_user_max, kind_),
                       retry_after};
    }
    return Problem{
        503, "would_block",
        fmt::format("{} requests are waiting ({}); try again later", limits_.waiting_max, kind_),
        retry_after};
}

void WorkPool::submit(std::unique_ptr<Job> job) {
    User& user = users_[job->user];
    if (user.waiting.empty()) turns_.push_back(job->user);
    user.waiting.push_back(std::move(job));
    ++counts_.waiting;
    begin_waiting();
}

/// Starts work while threads are free: one item of each user in turn.
void WorkPool::begin_waiting() {
    while (counts_.running < limits_.threads) {
        const auto turn = std::find_if(turns_.begin(), turns_.end(), [this](const auto& name) {
            return users_[name].running < limits_.threads_per_user;
        });
        if (turn == turns_.end()) return;
        const std::string name = std::move(*turn);
        turns_.erase(turn);
        User& user = users_[name];
        auto job = std::move(user.waiting.front());
        user.waiting.pop_front();
        --counts_.waiting;
        if (!user.waiting.empty()) turns_.push_back(name);
        begin(std::move(job), user);
    }
}

void WorkPool::begin(std::unique_ptr<Job> job, User& user) {
    ++user.running;
    ++counts_.running;
    asio::post(threads_, [this, job = std::move(job)]() mutable {
        job->carry_out();
        asio::post(loop_, [this, job = std::move(job)]() mutable { end(std::move(job)); });
    });
}

void WorkPool::end(std::unique_ptr<Job> job) {
    --counts_.running;
    if (const auto at = users_.find(job->user); at != users_.end()) {
        if (--at->second.running == 0 && at->second.waiting.empty()) users_.erase(at);
    }
    begin_waiting();
    job->report();
}

}  // namespace ringside::gateway
