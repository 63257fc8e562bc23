#include "bench/peers/ringside_peer.hpp"

#include <fmt/format.h>

#include "shm/segment/segment.hpp"

namespace ringside::bench {

namespace {

/// Room for documents, index and table, and for replaced versions that are retained.
std::string memory_for(std::size_t records) {
    return fmt::format("{}MiB", 512 + records * 640 / (1 << 20));
}

Client attach(const std::string& grid, std::chrono::microseconds spin) {
    return Client::attach({.grid = grid, .timeout = std::chrono::seconds(60), .spin = spin})
        .value();
}

}  // namespace

RingsidePeer::RingsidePeer(std::size_t records)
    : broker_(std::in_place, memory_for(records)),
      client_(attach(broker_->grid(), std::chrono::milliseconds(100))) {}

// The client may share the engine's core, where long spinning would displace the engine.
RingsidePeer::RingsidePeer(const std::string& grid) : client_(attach(grid, ClientOptions().spin)) {}

void RingsidePeer::fill(std::size_t records) {
    Pipeline pipeline = client_.pipeline().value();
    for (std::size_t i = 0; i < records; ++i) pipeline.put(name_of(i), json_of(i)).value();
    pipeline.flush().value();
}

std::int64_t RingsidePeer::read(Names names) {
    std::int64_t sum = 0;
    for (const std::string_view name : names) sum += price_in(client_.get(name).value().bytes());
    return sum;
}

std::int64_t RingsidePeer::read_many(Names names) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < names.size(); i += batch_size) {
        client_
            .get_many(
                names.subspan(i, std::min(batch_size, names.size() - i)),
                [&](std::size_t, const RecordView* record) { sum += price_in(record->bytes()); })
            .value();
    }
    return sum;
}

std::int64_t RingsidePeer::scan() {
    std::int64_t sum = 0;
    client_.snapshot()
        .value()
        .scan_prefix("",
                     [&](std::span<const RecordView> records) {
                         for (const RecordView& record : records) sum += sold_in(record.bytes());
                         return true;
                     })
        .value();
    return sum;
}

void RingsidePeer::write(Names names, std::span<const Bytes> documents) {
    for (std::size_t i = 0; i < names.size(); ++i)
        client_.put(names[i], Document::adopt(documents[i % documents.size()])).value();
}

void RingsidePeer::write_pipelined(Names names, std::span<const Bytes> documents) {
    Pipeline pipeline = client_.pipeline().value();
    for (std::size_t i = 0; i < names.size(); ++i)
        pipeline.put_encoded(names[i], documents[i % documents.size()]).value();
    pipeline.flush().value();
}

std::unique_ptr<Peer> RingsidePeer::open_again() const {
    return std::make_unique<RingsidePeer>(client_.grid());
}

double RingsidePeer::bytes_used() const {
    const shm::Segment segment = shm::Segment::open(client_.grid()).value();
    const auto& counters = segment.header().counters;
    return static_cast<double>(counters.heap_bytes_used.load() +
                               counters.slots_used.load() * sizeof(shm::Slot));
}

}  // namespace ringside::bench
