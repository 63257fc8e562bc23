#pragma once

#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "ringside/client.hpp"
#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/grid/caller.hpp"
#include "tools/gateway/grid/completion.hpp"
#include "tools/gateway/grid/writer.hpp"

namespace ringside::gateway {

/// The grid as the gateway's loop reaches it. Nothing here makes the loop wait: reads are loads
/// from memory, and whatever waits for the broker, or takes long, is done by another thread.
/// Thread safety: that of the loop, but for what tasks in `work` use.
class GridAccess {
public:
    /// `broker_time`: how long a request waits for the broker to answer, or for the next broker. A
    /// write waits up to twice as long, because it may be under way.
    /// Errors: those of Client::attach.
    static Result<std::unique_ptr<GridAccess>> attach(asio::io_context& loop,
                                                      const std::string& grid,
                                                      std::chrono::milliseconds broker_time);
    ~GridAccess();

    /// For reads and watches of the loop: where there is no broker just now, calls that need one
    /// fail at once.
    [[nodiscard]] Client& reader() noexcept { return reader_; }
    /// Records for decisions; for any thread.
    [[nodiscard]] const RecordSource& records() const noexcept { return records_; }
    /// For tasks in `work`: its calls wait for a broker as `attach` was told.
    [[nodiscard]] Client& client() noexcept { return client_; }

    Task<Writer::Outcome> write(Write write) {
        Writer& writer = writer_for(write);
        return writer.write(std::move(write));
    }
    void submit(Write write, Completion<Writer::Outcome> done) {
        Writer& writer = writer_for(write);
        writer.submit(std::move(write), std::move(done));
    }
    Task<Caller::Outcome> call(std::string name, Content content, CallOptions options) {
        return caller_.call(std::move(name), std::move(content), options);
    }

    /// Runs `task` in one of a few threads. None: too many tasks wait already.
    template <class Task_, class T = std::invoke_result_t<Task_>>
    Task<std::optional<T>> work(Task_ task) {
        if (tasks_ >= tasks_max) co_return std::nullopt;
        ++tasks_;
        auto start = [this, task = std::move(task)](Completion<std::optional<T>> done) mutable {
            asio::post(workers_, [this, task = std::move(task), done = std::move(done)]() mutable {
                std::optional<T> made(task());
                asio::post(loop_, [made = std::move(made), done = std::move(done)]() mutable {
                    std::move(done)(std::move(made));
                });
            });
        };
        // Named, because GCC 12 destroys twice what is made in the operand of a co_await.
        auto result = co_await completed_by<std::optional<T>>(std::move(start));
        --tasks_;
        co_return result;
    }

    /// Ends something whose end may wait, in one of the threads.
    template <class Thing>
    void dispose(Thing thing) {
        asio::post(workers_, [thing = std::move(thing)] {});
    }

    static constexpr std::size_t tasks_max = 64;

private:
    GridAccess(asio::io_context& loop, Client reader, Client client);
    [[nodiscard]] Writer& writer_for(const Write& write) noexcept {
        return write.options.grade == Grade::durable ? durable_writer_ : writer_;
    }

    const Executor loop_;
    Client reader_;
    const RecordSource records_;
    Client client_;
    Writer writer_;
    Writer durable_writer_;
    Caller caller_;
    std::size_t tasks_ = 0;
    asio::thread_pool workers_;
};

}  // namespace ringside::gateway
