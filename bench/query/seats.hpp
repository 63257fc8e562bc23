#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/client.hpp"

namespace ringside::bench {

/// The seats of a number of events, `event/NNNN/seat/NNNN`: 1,000 per event in 40 sections of 25. A
/// quarter is sold, 5 % are held, the others are free. Each document has about 90 bytes of JSON.
class Seats {
public:
    static constexpr std::size_t seats_per_event = 1'000;
    static constexpr std::size_t sections = 40;

    explicit Seats(std::size_t events);

    [[nodiscard]] std::size_t size() const { return documents_.size(); }
    /// In name order.
    [[nodiscard]] const std::vector<Bytes>& documents() const { return documents_; }
    [[nodiscard]] static std::string name(std::size_t i);
    [[nodiscard]] static std::string json(std::size_t i, std::string_view status);
    void put_all(Client& client) const;

private:
    std::vector<Bytes> documents_;
};

}  // namespace ringside::bench
