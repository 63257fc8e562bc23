#include <stdexcept>

#include "bench/messaging/messaging.hpp"
#include "bench/peers/nats.hpp"
#include "bench/support/ticks.hpp"
#include "ringside/client.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t under_way_max = 100;
constexpr const char* called = "quote";

/// A provider that returns its input, on core 0 with its caller; the server is on core 1.
class RingsideCalls {
public:
    explicit RingsideCalls(const std::string& spin_us)
        : broker_("256MiB", {"--spin-us", spin_us}),
          provider_([&] {
              pin_to(0);
              Client client = Client::attach({.grid = broker_.grid(), .spin = {}}).value();
              Provider provider = client.provide(called).value();
              (*ready_).store(1);
              for (;;) {
                  auto call = provider.next(std::chrono::seconds(1));
                  if (call) call->answer(Document::copy(call->document()).value()).value();
              }
          }),
          client_(Client::attach({.grid = broker_.grid(), .spin = {}}).value()) {
        while ((*ready_).load() == 0) usleep(100);
        pin_to(0);
    }

    double round_trip_ns(const Document& document, std::size_t count) {
        std::vector<double> samples;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t start = now_ns();
            client_.call(called, document).value();
            samples.push_back(static_cast<double>(now_ns() - start));
        }
        return median(samples);
    }

    double ns_per_call(const Document& document, std::size_t count) {
        std::size_t answered = 0;
        CallPipeline calls = client_
                                 .call_pipeline([&](std::uint64_t, const Result<Answer>& answer) {
                                     if (!answer) throw Exception(answer.error());
                                     ++answered;
                                 })
                                 .value();
        const auto start = Clock::now();
        for (std::size_t sent = 0; answered < count;) {
            for (; sent < count && sent - answered < under_way_max; ++sent)
                calls.call(called, document).value();
            calls.wait(std::chrono::seconds(10)).value();
        }
        return ns_since(start) / static_cast<double>(count);
    }

private:
    Broker broker_;
    SharedFlag ready_;
    Child provider_;
    Client client_;
};

class NatsCalls {
public:
    NatsCalls()
        : provider_([&] {
              pin_to(0);
              NatsConnection connection(server_.url());
              connection.subscribe(called);
              for (;;) {
                  const auto call = connection.wait();
                  connection.publish(call.answer_to(), call.payload());
              }
          }),
          connection_(server_.url()) {
        pin_to(0);
        connection_.subscribe(answers);
        // Repeat until the provider listens: NATS drops messages without a subscriber.
        const Bytes nothing(8);
        for (std::optional<NatsConnection::Message> answer; !answer;) {
            connection_.request(called, answers, nothing);
            usleep(10'000);
            answer = connection_.poll();
        }
        usleep(10'000);
        while (connection_.poll()) {
        }
    }

    double round_trip_ns(ByteView document, std::size_t count) {
        std::vector<double> samples;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t start = now_ns();
            connection_.request(called, answers, document);
            static_cast<void>(connection_.wait());
            samples.push_back(static_cast<double>(now_ns() - start));
        }
        return median(samples);
    }

    double ns_per_call(ByteView document, std::size_t count) {
        const auto start = Clock::now();
        for (std::size_t sent = 0, answered = 0; answered < count; ++answered) {
            for (; sent < count && sent - answered < under_way_max; ++sent)
                connection_.request(called, answers, document);
            static_cast<void>(connection_.wait());
        }
        return ns_since(start) / static_cast<double>(count);
    }

private:
    static constexpr const char* answers = "answers";
    NatsServer server_;
    Child provider_;
    NatsConnection connection_;
};

}  // namespace

void measure_calls(Report& report, const MessagingScale& scale) {
    const Document document = Document::adopt(document_from_json(json_of(1)).value());
    RingsideCalls all_asleep("0");
    RingsideCalls ringside("200");  // the default
    NatsCalls nats;
    std::vector<double> round_trips;
    std::vector<double> round_trips_all_asleep;
    std::vector<double> nats_round_trips;
    std::vector<double> pipelined;
    std::vector<double> nats_pipelined;
    for (int slice = 0; slice < scale.slices; ++slice) {
        round_trips.push_back(ringside.round_trip_ns(document, scale.round_trips));
        round_trips_all_asleep.push_back(all_asleep.round_trip_ns(document, scale.round_trips));
        nats_round_trips.push_back(nats.round_trip_ns(document.bytes(), scale.round_trips));
        pipelined.push_back(ringside.ns_per_call(document, scale.calls));
        nats_pipelined.push_back(nats.ns_per_call(document.bytes(), scale.calls));
    }
    report.ratio("call and answer, caller and provider asleep in between", round_trips, "ns",
                 nats_round_trips, "NATS request and reply", 0.5);
    report.plain("the same, the broker asleep, too (--spin-us 0)",
                 median(round_trips_all_asleep) / 1000, "us");
    report.ratio("a call, 100 under way", pipelined, "ns", nats_pipelined, "NATS request and reply",
                 0.2);
}

}  // namespace ringside::bench
