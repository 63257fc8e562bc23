#include <time.h>

#include <deque>
#include <stdexcept>

#include "bench/messaging/messaging.hpp"
#include "bench/peers/fan_out.hpp"
#include "bench/support/engine_core.hpp"
#include "bench/support/ticks.hpp"
#include "ringside/client.hpp"

namespace ringside::bench {

namespace {

constexpr std::string_view subject = "prices/changed";

double median_of_fan_out(const Channel& channel, std::size_t count) {
    FanOut fan_out(channel, 1);
    std::vector<double> samples;
    for (std::size_t i = 0; i < count; ++i) {
        usleep(300);  // asleep again
        const FanOut::Cost cost = fan_out.announce();
        if (!cost.is_complete) throw std::runtime_error("subscriber did not receive the event");
        samples.push_back(cost.last_has_it_ns);
    }
    return median(samples);
}

/// A text of about 100 bytes.
Bytes payload() { return document_from_json('"' + std::string(96, 'x') + '"').value(); }

double thread_time_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

struct EventCost {
    double publisher_ns;
    double engine_ns;
};

EventCost cost_with(const Broker& broker, int subscribers, std::size_t events) {
    std::deque<Child> children;
    const SharedFlag ready;
    for (int i = 0; i < subscribers; ++i) {
        children.emplace_back([&] {
            pin_to(0);
            const Client client = Client::attach({.grid = broker.grid(), .spin = {}}).value();
            Watch watch = client.subscribe("prices/**").value();
            ++*ready;
            for (;;) static_cast<void>(watch.next(std::chrono::seconds(1)));
        });
    }
    while ((*ready).load() < static_cast<std::uint64_t>(subscribers)) usleep(1000);
    pin_to(0);
    Client client = Client::attach({.grid = broker.grid()}).value();
    const shm::Segment segment = shm::Segment::open(broker.grid()).value();
    const auto& counters = segment.header().counters;
    Pipeline pipeline = client.pipeline().value();
    const Bytes document = payload();
    const std::uint64_t busy = counters.busy_ns.load();
    const double mine = thread_time_ns();
    for (std::size_t i = 0; i < events; ++i) pipeline.publish_encoded(subject, document).value();
    pipeline.flush().value();
    const auto count = static_cast<double>(events);
    return {(thread_time_ns() - mine) / count,
            static_cast<double>(counters.busy_ns.load() - busy) / count};
}

}  // namespace

void measure_event(Report& report, const MessagingScale& scale) {
    const auto ringside = make_ringside_event_channel(Waiting::sleeping);
    const auto nats = make_nats_channel();
    std::vector<double> ours;
    std::vector<double> theirs;
    for (int slice = 0; slice < scale.slices; ++slice) {
        ours.push_back(median_of_fan_out(*ringside, scale.round_trips / 4));
        theirs.push_back(median_of_fan_out(*nats, scale.round_trips / 4));
    }
    report.ratio("event published -> one subscriber that slept has it", ours, "ns", theirs, "NATS",
                 0.7);
}

void measure_event_rate(Report& report, const MessagingScale& scale) {
    const Broker broker("1GiB", {"--ring-entries", "1048576"}, Broker::Cores::both);
    const SharedFlag received;
    const SharedFlag ready;
    const Child subscriber([&] {
        const Client client = Client::attach({.grid = broker.grid()}).value();
        Watch watch = client.subscribe(subject).value();
        (*ready).store(1);
        for (std::uint64_t count = 0;;) {
            const auto event = watch.next(std::chrono::seconds(1));
            if (!event) continue;
            if (event->kind == WatchKind::lagged) throw std::runtime_error("watch fell behind");
            ++count;
            if (count % 64 == 0 || count % scale.events == 0)
                (*received).store(count, std::memory_order_release);
        }
    });
    unpin();
    Client client = Client::attach({.grid = broker.grid()}).value();
    while ((*ready).load() == 0) usleep(100);
    const Bytes document = payload();
    Pipeline pipeline = client.pipeline().value();
    std::vector<double> rates;
    for (int slice = 1; slice <= scale.slices; ++slice) {
        const auto start = Clock::now();
        for (std::size_t i = 0; i < scale.events; ++i)
            pipeline.publish_encoded(subject, document).value();
        pipeline.flush().value();
        while ((*received).load() < static_cast<std::uint64_t>(slice) * scale.events) {
            if (subscriber.has_ended()) throw std::runtime_error("subscriber ended");
            usleep(20);
        }
        rates.push_back(static_cast<double>(scale.events) * 1e9 / ns_since(start));
    }
    report.absolute("events of 100 bytes, one publisher, one subscriber that gets all",
                    median(rates), "events/s", Report::Wanted::at_least, 1e6);
}

void measure_subscribers(Report& report, const MessagingScale& scale) {
    const Broker broker("256MiB");
    leave_the_core_to_the_engine(broker.pid());
    std::vector<double> publisher_one;
    std::vector<double> publisher_many;
    std::vector<double> engine_one;
    std::vector<double> engine_many;
    for (int slice = 0; slice < scale.slices; ++slice) {
        const EventCost one = cost_with(broker, 1, scale.events / 10);
        const EventCost many = cost_with(broker, 64, scale.events / 10);
        publisher_one.push_back(one.publisher_ns);
        publisher_many.push_back(many.publisher_ns);
        engine_one.push_back(one.engine_ns);
        engine_many.push_back(many.engine_ns);
    }
    report.ratio("publisher's time an event, 64 subscribers that sleep", publisher_many, "ns",
                 publisher_one, "one subscriber", 1.1);
    report.ratio("engine's time an event, 64 subscribers that sleep", engine_many, "ns", engine_one,
                 "one subscriber", 1.1);
}

}  // namespace ringside::bench
