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
#include "tools/gateway/grid/session_maker.hpp"
#include "tools/gateway/grid/writer.hpp"
#include "tools/gateway/load/work_pool.hpp"

namespace ringside::gateway {

/// The grid as the gateway's loop reaches it. Nothing here makes the loop wait: reads are loads
/// from memory, and whatever waits for the broker, or takes long, is done by another thread.
/// Thread safety: that of the loop, but for what the work of a pool uses.
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
    /// For the work of a pool: its calls wait for a broker as `attach` was told.
    [[nodiscard]] Client& client() noexcept { return client_; }
    /// Further sessions for the loop.
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

    // What takes long, or waits for the broker: a pool for each kind, so that one kind does not
    // delay another.
    [[nodiscard]] WorkPool& queries() noexcept { return queries_; }  ///< SQL
    [[nodiscard]] WorkPool& lists() noexcept { return lists_; }      ///< of records
    [[nodiscard]] WorkPool& transactions() noexcept { return transactions_; }
    [[nodiscard]] WorkPool& answers() noexcept { return answers_; }  ///< to calls; and providing
    [[nodiscard]] WorkPool& compressions() noexcept { return compressions_; }
    [[nodiscard]] std::array<const WorkPool*, 5> pools() const noexcept {
        return {&queries_, &lists_, &transactions_, &answers_, &compressions_};
    }

    /// Does something that nobody waits for, in another thread. Throws nothing.
    template <class Work>
    void do_in_background(Work work) {
        asio::post(background_, std::move(work));
    }
    /// Ends something whose end may wait. A call that has no outcome is abandoned by it.
    template <class Thing>
    void dispose(Thing thing) {
        do_in_background([thing = std::move(thing)] {});
    }
    /// Says that a call was not carried out: the next provider is asked.
    void reject(std::shared_ptr<Call> call);

    // Half of the threads at most are for one user, so that others do not wait for a slow one.
    static constexpr WorkLimits query_limits{
        .threads = 4, .threads_per_user = 2, .waiting_max = 128, .waiting_per_user_max = 16};
    static constexpr WorkLimits list_limits{
        .threads = 2, .threads_per_user = 1, .waiting_max = 512, .waiting_per_user_max = 128};
    static constexpr WorkLimits transaction_limits{
        .threads = 4, .threads_per_user = 2, .waiting_max = 512, .waiting_per_user_max = 128};
    static constexpr WorkLimits answer_limits{
        .threads = 4, .threads_per_user = 2, .waiting_max = 4096, .waiting_per_user_max = 1024};
    static constexpr WorkLimits compression_limits{
        .threads = 2, .threads_per_user = 1, .waiting_max = 64, .waiting_per_user_max = 16};

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
    SessionMaker sessions_;
    WorkPool queries_;
    WorkPool lists_;
    WorkPool transactions_;
    WorkPool answers_;
    WorkPool compressions_;
    boost::asio::thread_pool background_{2};
};

}  // namespace ringside::gateway
