#include "tools/gateway/grid/grid_access.hpp"

#include "tools/gateway/grid/record_evidence.hpp"

namespace ringside::gateway {

Result<std::unique_ptr<GridAccess>> GridAccess::attach(asio::io_context& loop,
                                                       const std::string& grid,
                                                       std::chrono::milliseconds broker_time,
                                                       const PoolLimits& pools) {
    auto client = Client::attach({.grid = grid, .program = "gateway", .timeout = broker_time});
    if (!client) return client.error();
    auto reader = Client::attach(SessionMaker::options_of(grid, "gateway"));
    if (!reader) return reader.error();
    return std::unique_ptr<GridAccess>(
        new GridAccess(loop, *std::move(reader), *std::move(client), broker_time, pools));
}

GridAccess::GridAccess(asio::io_context& loop, Client reader, Client client,
                       std::chrono::milliseconds broker_time, const PoolLimits& pools)
    : loop_(loop.get_executor()),
      reader_(std::move(reader)),
      readiness_(loop_, reader_, broker_time),
      records_([this](std::string_view name) { return record_json(reader_, name); }),
      client_(std::move(client)),
      writer_(client_, loop_),
      durable_writer_(client_, loop_),
      caller_(client_, loop_),
      sessions_(loop_, client_.grid()),
      queries_(loop_, "query", pools.queries),
      lists_(loop_, "list", pools.lists),
      transactions_(loop_, "transaction", pools.transactions),
      answers_(loop_, "answer", pools.answers),
      compressions_(loop_, "compression", pools.compressions) {}

GridAccess::~GridAccess() { background_.join(); }

void GridAccess::reject(std::shared_ptr<Call> call) {
    do_in_background([call = std::move(call)] {
        // If this fails, the destructor of the call abandons it.
        static_cast<void>(call->reject());
    });
}

}  // namespace ringside::gateway
