#include <fmt/format.h>

#include <array>

#include "bench/deepstream/deepstream.hpp"
#include "bench/deepstream/digits.hpp"
#include "bench/deepstream/generator.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t records = 1'000;
constexpr std::size_t connections = 8;  ///< divides the number of records
constexpr std::size_t under_way = 256;

/// A prepared frame in which only the digits change.
class Upsert {
public:
    explicit Upsert(std::size_t record) {
        auto message = gateway::deepstream::record_message(RecordAction::create_and_update);
        message.set_name(fmt::format("bench/seat/{:04}", record));
        message.set_data(fmt::format(
            R"({{"event":17,"section":"K","row":21,"seat":{:4},"price":4200,"status":"sold",)"
            R"("holder":"c-000042","at":1517966773840,"note":"by the exit","n":1{}}})",
            record, no_digits));
        message.set_correlation_id(std::string(no_digits_of_id));
        message.set_version(-1);
        message.set_is_write_ack(true);
        frame_ = frame_to_send(message);
        number_at_ = frame_.find(no_digits);
        id_at_ = frame_.find(no_digits_of_id);
    }
    [[nodiscard]] const std::string& with(std::uint64_t number) {
        write_digits(frame_, number_at_, number);
        write_digits(frame_, id_at_, number);
        return frame_;
    }

private:
    std::string frame_;
    std::size_t number_at_;
    std::size_t id_at_;
};

class Upserts {
public:
    explicit Upserts(const Server& server) : server_(server), generator_(server.port, connections) {
        for (std::size_t i = 0; i < records; ++i) frames_.emplace_back(i);
        for (std::size_t i = 0; i < under_way; ++i) send(i % connections);
    }

    Load measure(const DeepstreamScale& scale) {
        run_for(scale.warm_up_ns);
        const std::uint64_t before = acknowledged_;
        const Meter meter(server_);
        run_for(scale.slice_ns);
        const Load load = meter.stop(static_cast<double>(acknowledged_ - before));
        is_ending_ = true;
        run([&] { return acknowledged_ == sent_; });
        return load;
    }

private:
    void send(std::size_t connection) {
        // Each connection has its own records, and writes them in rotation.
        const std::size_t turn = turns_[connection]++;
        const std::size_t record = (turn * connections + connection) % records;
        generator_.send(connection, frames_[record].with(sent_));
        ++sent_;
    }
    template <class IsDone>
    void run(IsDone is_done) {
        generator_.run(
            [&](std::size_t connection, const Incoming& message) {
                message.expect(Topic::record, RecordAction::write_acknowledgement);
                ++acknowledged_;
                if (!is_ending_) send(connection);
            },
            is_done);
    }
    void run_for(double ns) {
        const auto start = Clock::now();
        run([&] { return ns_since(start) >= ns; });
    }

    Server server_;
    Generator generator_;
    std::vector<Upsert> frames_;
    std::array<std::size_t, connections> turns_{};
    std::uint64_t sent_ = 0;
    std::uint64_t acknowledged_ = 0;
    bool is_ending_ = false;
};

}  // namespace

void measure_upserts(const Comparison& comparison) {
    comparison.loads(
        "acknowledged upsert of one of 1000 records, 256 under way", 0.2,
        [&](const Server& server) { return Upserts(server).measure(comparison.scale); });
}

}  // namespace ringside::bench
