#include "bench/query/seats.hpp"

#include <fmt/format.h>

#include <random>

namespace ringside::bench {

namespace {

std::string_view status(std::size_t twentieth) {
    if (twentieth == 0) return "held";
    return twentieth <= 5 ? "sold" : "free";
}

}  // namespace

Seats::Seats(std::size_t events) {
    JsonReader reader;
    std::mt19937 random(17);
    for (std::size_t i = 0; i < events * seats_per_event; ++i) {
        const ByteView document = reader.read(json(i, status(random() % 20))).value();
        documents_.emplace_back(document.begin(), document.end());
    }
}

std::string Seats::name(std::size_t i) {
    return fmt::format("event/{:04}/seat/{:04}", i / seats_per_event, i % seats_per_event);
}

std::string Seats::json(std::size_t i, std::string_view status) {
    const std::size_t section = i % seats_per_event / (seats_per_event / sections);
    return fmt::format(R"({{"section":"S{:02}","row":{},"number":{},"status":"{}","price":{}}})",
                       section, 1 + i % 25 / 5, 1 + i % 5, status, 2000 + i * 7919 % 7000);
}

void Seats::put_all(Client& client) const {
    Pipeline pipeline = client.pipeline().value();
    for (std::size_t i = 0; i < size(); ++i) pipeline.put_encoded(name(i), documents_[i]).value();
    pipeline.flush().value();
}

}  // namespace ringside::bench
