#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tools/examples/onsale/kafka/kafka_sale.hpp"

namespace ringside::onsale {

namespace {

constexpr int deltas_per_second = 2000;

enum class Status : std::uint8_t { available, held, sold };

std::string_view name(Status status) {
    switch (status) {
        case Status::held: return "held";
        case Status::sold: return "sold";
        case Status::available: break;
    }
    return "available";
}

/// An event's seats and their counters: the original data, which the grid follows.
struct Event {
    int number;
    std::vector<Status> seats{};
    std::array<std::int64_t, 3> count{};  ///< by status
    std::int64_t revenue = 0;
};

/// Writes deltas to the topic, each once and those of an event in order.
class Deltas {
public:
    explicit Deltas(Ledger& ledger) : ledger_(ledger) {
        rd_kafka_conf_t* conf = rd_kafka_conf_new();
        set(conf, "bootstrap.servers", ledger.bootstrap.data());
        set(conf, "enable.idempotence", "true");
        set(conf, "linger.ms", "2");
        rd_kafka_conf_set_opaque(conf, this);
        rd_kafka_conf_set_dr_msg_cb(conf,
                                    [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
                                        static_cast<Deltas*>(self)->take(*message);
                                    });
        char why[256];
        producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
        if (!producer_) {
            rd_kafka_conf_destroy(conf);
            throw Exception(Error(Errc::bad_configuration, why));
        }
    }

    void send(int event, const std::string& delta) {
        const std::string key = std::to_string(event);
        rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
        do {
            failed =
                rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(deltas_topic),
                                  RD_KAFKA_V_KEY(key.data(), key.size()),
                                  RD_KAFKA_V_VALUE(const_cast<char*>(delta.data()), delta.size()),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
            rd_kafka_poll(producer_.get(), failed == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
        } while (failed == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw Exception(Error(Errc::system_error, rd_kafka_err2str(failed)));
    }

    /// Waits for the last answers. Returns whether Kafka has taken every delta.
    bool finish() {
        constexpr int patience_ms = 20'000;
        return rd_kafka_flush(producer_.get(), patience_ms) == RD_KAFKA_RESP_ERR_NO_ERROR &&
               refused_ == 0;
    }

private:
    struct Destroy {
        void operator()(rd_kafka_t* producer) const { rd_kafka_destroy(producer); }
    };

    static void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
        char why[256];
        if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
            throw Exception(Error(Errc::bad_configuration, why));
    }

    void take(const rd_kafka_message_t& message) {
        const std::string event(static_cast<const char*>(message.key), message.key_len);
        if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            ++ledger_.deltas[std::stoul(event)];
            return;
        }
        ++refused_;
        fmt::print(stderr, "a delta of event {} is lost: {}\n", event,
                   rd_kafka_err2str(message.err));
    }

    Ledger& ledger_;
    std::uint64_t refused_ = 0;
    std::unique_ptr<rd_kafka_t, Destroy> producer_;
};

class HostOfRecord {
public:
    HostOfRecord(const Plan& plan, int number, Ledger& ledger)
        : plan_(plan),
          ledger_(ledger),
          deltas_(ledger),
          random_(plan.seed * 1000 + static_cast<std::uint64_t>(number)) {
        for (int event = number; event <= plan.events; event += plan.writers)
            events_.push_back({event});
    }

    bool play() {
        open_sale();
        const auto start = std::chrono::steady_clock::now();
        for (std::int64_t sent = 0; !ledger_.stop.load() && !events_.empty(); ++sent) {
            act(events_[below(static_cast<int>(events_.size()))]);
            std::this_thread::sleep_until(
                start + std::chrono::microseconds(sent * 1'000'000 / deltas_per_second));
        }
        return deltas_.finish();
    }

private:
    std::size_t below(int bound) { return random_() % static_cast<std::uint64_t>(bound); }

    void open_sale() {
        const int seats = plan_.sections * plan_.seats;
        for (Event& event : events_) {
            event.seats.reserve(static_cast<std::size_t>(seats));
            for (int seat = 0; seat < seats; ++seat) {
                event.seats.push_back(Status::available);
                ++event.count[0];
                tell(event, event.seats.size() - 1);
            }
        }
    }

    void act(Event& event) {
        const std::size_t seat = below(plan_.sections * plan_.seats);
        const std::size_t choice = below(10);
        switch (event.seats[seat]) {
            case Status::available:
                return move(event, seat, choice < 4 ? Status::sold : Status::held);
            case Status::held:
                return move(event, seat, choice < 5 ? Status::sold : Status::available);
            case Status::sold:
                if (choice == 0) move(event, seat, Status::available);
                return;
        }
    }

    void move(Event& event, std::size_t seat, Status to) {
        const Status from = std::exchange(event.seats[seat], to);
        --event.count[static_cast<std::size_t>(from)];
        ++event.count[static_cast<std::size_t>(to)];
        if (from == Status::sold) event.revenue -= price(seat);
        if (to == Status::sold) event.revenue += price(seat);
        tell(event, seat);
    }

    [[nodiscard]] std::int64_t price(std::size_t seat) const {
        return seat_price(static_cast<int>(seat) / plan_.seats);
    }

    void tell(const Event& event, std::size_t seat) {
        const int section = static_cast<int>(seat) / plan_.seats;
        const int number = static_cast<int>(seat) % plan_.seats + 1;
        deltas_.send(
            event.number,
            fmt::format(
                R"({{"event":{},"section":"{}","seat":"{:03}","number":{},"status":"{}",)"
                R"("price":{},"sales":{{"sold":{},"held":{},"available":{},"revenue":{}}}}})",
                event.number, static_cast<char>('A' + section), number, number,
                name(event.seats[seat]), price(seat),
                event.count[static_cast<std::size_t>(Status::sold)],
                event.count[static_cast<std::size_t>(Status::held)],
                event.count[static_cast<std::size_t>(Status::available)], event.revenue));
    }

    const Plan& plan_;
    Ledger& ledger_;
    Deltas deltas_;
    std::vector<Event> events_;
    std::mt19937_64 random_;
};

}  // namespace

bool play_host_of_record(const Plan& plan, int number, Ledger& ledger) {
    return HostOfRecord(plan, number, ledger).play();
}

}  // namespace ringside::onsale
