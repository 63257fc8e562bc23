#include "tools/gateway/grid/grid_access.hpp"

#include "tools/gateway/grid/record_evidence.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t worker_threads = 4;
Result<Client> attach_client(const std::string& grid, std::chrono::milliseconds timeout) {
    return Client::attach({.grid = grid, .program = "gateway", .timeout = timeout});
}

}  // namespace

Result<std::unique_ptr<GridAccess>> GridAccess::attach(asio::io_context& loop,
                                                       const std::string& grid,
                                                       std::chrono::milliseconds broker_time) {
    auto client = attach_client(grid, broker_time);
    if (!client) return client.error();
    auto reader = attach_client(grid, std::chrono::milliseconds(0));
    if (!reader) return reader.error();
    return std::unique_ptr<GridAccess>(
        new GridAccess(loop, *std::move(reader), *std::move(client)));
}

GridAccess::GridAccess(asio::io_context& loop, Client reader, Client client)
    : loop_(loop.get_executor()),
      reader_(std::move(reader)),
      records_([this](std::string_view name) { return record_json(reader_, name); }),
      client_(std::move(client)),
      writer_(client_, loop_),
      durable_writer_(client_, loop_),
      caller_(client_, loop_),
      workers_(worker_threads) {}

GridAccess::~GridAccess() { workers_.join(); }

}  // namespace ringside::gateway
