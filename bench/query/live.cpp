#include <fmt/format.h>

#include <stdexcept>

#include "bench/query/query.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

namespace {

/// A live query over all seats. Measures the time to update it with pending changes.
class Followed {
public:
    Followed(Client& client, const Seats& seats)
        : client_(client),
          seats_(seats),
          live_(client
                    .live_query(scan("event/*/seat/*")
                                    .group_by({"/section", "/status"})
                                    .aggregate({count(), sum("/price")}))
                    .value()) {}

    double ns_per_change(std::size_t changes) {
        write(changes);
        const Revision last = client_.revision();
        const auto start = Clock::now();
        while (live_.revision() < last) {
            const auto update = live_.poll();
            if (!update && update.error() != Errc::would_block) throw Exception(update.error());
            if (update && update->is_rescanned) throw std::runtime_error("watch fell behind");
        }
        return ns_since(start) / static_cast<double>(changes);
    }

private:
    /// Each change toggles whether a seat is sold.
    void write(std::size_t changes) {
        Pipeline pipeline = client_.pipeline().value();
        for (std::size_t i = 0; i < changes; ++i) {
            next_ = (next_ + 7919) % seats_.size();
            pipeline.put(Seats::name(next_), Seats::json(next_, is_sold_ ? "sold" : "free"))
                .value();
        }
        is_sold_ = !is_sold_;
        pipeline.flush().value();
    }

    Client& client_;
    const Seats& seats_;
    LiveQuery live_;
    std::size_t next_ = 0;
    bool is_sold_ = true;
};

}  // namespace

void measure_live(Report& report, Client& small, const Seats& few, Client& large, const Seats& many,
                  const QueryScale& scale) {
    pin_to(0);
    Followed of_few(small, few);
    Followed of_many(large, many);
    std::vector<double> with_few;
    std::vector<double> with_many;
    for (int slice = 0; slice < scale.slices; ++slice) {
        with_few.push_back(of_few.ns_per_change(scale.changes));
        with_many.push_back(of_many.ns_per_change(scale.changes));
    }
    report.absolute(fmt::format("live group-by, one change, {} records", few.size()),
                    median(with_few), "ns", Report::Wanted::at_most, 5000);
    report.absolute(fmt::format("live group-by, one change, {} records", many.size()),
                    median(with_many), "ns", Report::Wanted::at_most, 5000);
}

}  // namespace ringside::bench
