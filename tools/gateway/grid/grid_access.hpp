#pragma once

#include <array>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>

#include "ringside/client.hpp"
#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/grid/caller.hpp"
#include "tools/gateway/grid/completion.hpp"
#include "tools/gateway/grid/reader_readiness.hpp"
#include "tools/gateway/grid/session_maker.hpp"
#include "tools/gateway/grid/writer.hpp"
#include "tools/gateway/load/work_pool.hpp"

namespace ringside::gateway {

/// The gateway's access to the grid. Nothing here blocks the loop: reads are loads from memory, and
/// another thread does everything that waits for the broker or takes long.
/// Thread safety: that of the loop, except for the members that the work of a pool uses.
class GridAccess {
public:
    /// `broker_time`: how long a request waits for the broker to answer, or for the next broker. A
    /// write waits up to twice as long, because it may be under way.
    /// Errors: those of Client::attach.
    static Result<std::unique_ptr<GridAccess>> attach(asio::io_context& loop,
                                                      const std::string& grid,
                                                      std::chrono::milliseconds broker_time,
                                                      const PoolLimits& pools);
    ~GridAccess();

    /// For reads and watches in the loop. Calls that need a broker fail immediately if there is
    /// none.
    [[nodiscard]] Client& reader() noexcept { return reader_; }
    /// Returns whether `reader` has no session yet with a grid that was started again; see
    /// ReaderReadiness.
    [[nodiscard]] bool is_attaching() const { return readiness_.is_attaching(); }
    /// Waits for that session, for at most `broker_time`.
    Task<void> await_reader() { return readiness_.wait(); }
    /// Number of requests that wait in `await_reader`.
    [[nodiscard]] std::size_t delayed_requests() const noexcept { return readiness_.waiting(); }
    /// Records for decisions. Thread safety: any thread.
    [[nodiscard]] const RecordSource& records() const noexcept { return records_; }
    /// For the work of a pool: its calls wait for a broker, for the time given to `attach`.
    [[nodiscard]] Client& client() noexcept { return client_; }
    /// Creates further sessions for the loop.
    [[nodiscard]] SessionMaker& sessions() noexcept { return sessions_; }

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

    // Pools for work that takes long or waits for the broker. Each kind has its own pool, so that
    // one kind does not delay another.
    [[nodiscard]] WorkPool& queries() noexcept { return queries_; }  ///< SQL
    [[nodiscard]] WorkPool& lists() noexcept { return lists_; }      ///< lists of records
    [[nodiscard]] WorkPool& transactions() noexcept { return transactions_; }
    [[nodiscard]] WorkPool& answers() noexcept {
        return answers_;
    }  ///< answers to calls, and
       ///< changes of providers
    [[nodiscard]] WorkPool& compressions() noexcept { return compressions_; }
    [[nodiscard]] std::array<const WorkPool*, 5> pools() const noexcept {
        return {&queries_, &lists_, &transactions_, &answers_, &compressions_};
    }

    /// Does work in another thread that no coroutine waits for. Throws nothing.
    template <class Work>
    void do_in_background(Work work) {
        asio::post(background_, std::move(work));
    }
    /// Destroys an object whose destructor may wait. A call without an outcome is abandoned.
    template <class Thing>
    void dispose(Thing thing) {
        do_in_background([thing = std::move(thing)] {});
    }
    /// Rejects a call that was not carried out: the broker asks the next provider.
    void reject(std::shared_ptr<Call> call);

private:
    GridAccess(asio::io_context& loop, Client reader, Client client,
               std::chrono::milliseconds broker_time, const PoolLimits& pools);
    [[nodiscard]] Writer& writer_for(const Write& write) noexcept {
        return write.options.grade == Grade::durable ? durable_writer_ : writer_;
    }

    const Executor loop_;
    Client reader_;
    ReaderReadiness readiness_;
    const RecordSource records_;
    Client client_;
    Writer writer_;
    Writer durable_writer_;
    Caller caller_;
    SessionMaker sessions_;
    WorkPool queries_;
    WorkPool lists_;
    WorkPool transactions_;
    WorkPool answers_;
    WorkPool compressions_;
    boost::asio::thread_pool background_{2};
};

}  // namespace ringside::gateway
