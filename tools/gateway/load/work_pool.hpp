#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "tools/gateway/grid/completion.hpp"
#include "tools/gateway/http/problem.hpp"
#include "tools/gateway/load/shares.hpp"

namespace ringside::gateway {

/// The load of a pool, for the metrics.
struct WorkCounts {
    std::size_t running = 0;
    std::size_t waiting = 0;
    std::uint64_t refused = 0;
};

/// Threads for one kind of work, shared between users. Each user has a queue, the queues take
/// turns, and no user gets more than a part of the threads. So slow work delays only other work of
/// the same user, and no work of another kind.
///
/// Thread safety: that of the loop. The work itself runs in another thread.
class WorkPool {
public:
    WorkPool(Executor loop, std::string_view kind, const WorkLimits& limits);
    /// Waits for running work. Queued work is dropped.
    ~WorkPool();
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    /// Returns the reason why work of this user is refused: 429 `too_many_requests` (the user's
    /// queue is full), 503 `would_block` (the pool is full). Returns none if there is room.
    [[nodiscard]] std::optional<Problem> refuse(const std::string& user);

    /// Runs `work` in one of the threads, and throws here what it throws.
    /// REQUIRES: `refuse` has just returned none.
    template <class Work, class T = std::invoke_result_t<Work>>
    Task<T> run(std::string user, Work work) {
        auto start = [this, user = std::move(user),
                      work = std::move(work)](Completion<Done<T>> done) mutable {
            submit(std::make_unique<WorkJob<Work, T>>(std::move(user), std::move(work),
                                                      std::move(done)));
        };
        // Named, because GCC 12 destroys a temporary in the operand of a co_await twice.
        auto done = co_await completed_by<Done<T>>(std::move(start));
        if (done.failure) std::rethrow_exception(done.failure);
        co_return *std::move(done.value);
    }

    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
    [[nodiscard]] const WorkCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] const WorkLimits& limits() const noexcept { return limits_; }

private:
    template <class T>
    struct Done {
        std::optional<T> value{};
        std::exception_ptr failure{};
    };
    struct Job {
        explicit Job(std::string its_user) : user(std::move(its_user)) {}
        virtual ~Job() = default;
        virtual void carry_out() noexcept = 0;  ///< in a thread of the pool
        virtual void report() = 0;              ///< in the loop
        std::string user;
    };
    template <class Work, class T>
    struct WorkJob final : Job {
        WorkJob(std::string its_user, Work its_work, Completion<Done<T>> its_done)
            : Job(std::move(its_user)), work(std::move(its_work)), done(std::move(its_done)) {}
        void carry_out() noexcept override {
            try {
                result.value.emplace((*work)());
            } catch (...) {
                result.failure = std::current_exception();
            }
            work.reset();  // releasing its contents may take long
        }
        void report() override { std::move(done)(std::move(result)); }
        std::optional<Work> work;
        Completion<Done<T>> done;
        Done<T> result;
    };
    struct User {
        std::size_t running = 0;
        std::deque<std::unique_ptr<Job>> waiting;
    };

    void submit(std::unique_ptr<Job> job);
    void begin(std::unique_ptr<Job> job, User& user);
    void end(std::unique_ptr<Job> job);
    void begin_waiting();

    const Executor loop_;
    const std::string kind_;
    const WorkLimits limits_;
    WorkCounts counts_;
    std::unordered_map<std::string, User> users_;  ///< users with running or queued work
    std::deque<std::string> turns_;                ///< users with queued work
    boost::asio::thread_pool threads_;
};

}  // namespace ringside::gateway
