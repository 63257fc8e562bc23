#pragma once

#include <optional>

#include "bench/peers/peer.hpp"
#include "bench/support/process.hpp"
#include "ringside/client.hpp"

namespace ringside::bench {

/// The grid itself, with a broker on core 1.
class RingsidePeer : public Peer {
public:
    /// With a dedicated broker whose segment fits this number of records.
    explicit RingsidePeer(std::size_t records);
    /// Another client of an existing broker.
    explicit RingsidePeer(const std::string& grid);

    [[nodiscard]] std::string_view name() const override { return "Ringside"; }
    void fill(std::size_t records) override;
    std::int64_t read(Names names) override;
    std::int64_t read_many(Names names) override;
    std::int64_t scan() override;
    void write(Names names, std::span<const Bytes> documents) override;
    void write_pipelined(Names names, std::span<const Bytes> documents) override;
    [[nodiscard]] std::unique_ptr<Peer> open_again() const override;
    [[nodiscard]] double bytes_used() const override;

private:
    std::optional<Broker> broker_;
    Client client_;
};

}  // namespace ringside::bench
