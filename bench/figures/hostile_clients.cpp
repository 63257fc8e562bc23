#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <array>
#include <functional>
#include <memory>

#include "bench/figures/figures.hpp"
#include "bench/support/latencies.hpp"
#include "bench/support/usage.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/raw_client.hpp"

namespace ringside::bench {

namespace {

using testing::LaneClient;
using testing::RawClient;

/// A session whose memory the benchmark writes directly.
class HostileSession {
public:
    explicit HostileSession(const std::string& grid)
        : client_(std::make_unique<RawClient>(grid)), is_attached_(client_->attach()) {}
    [[nodiscard]] bool is_attached() const { return is_attached_; }
    [[nodiscard]] shm::SessionMemoryView memory() const { return client_->memory(); }
    void ring() const { client_->ring(); }
    LaneClient& open_lane() {
        lanes_.push_back(std::make_unique<LaneClient>(memory(), lanes_.size()));
        memory().control().lanes_open = static_cast<std::uint32_t>(lanes_.size());
        return *lanes_.back();
    }

private:
    std::unique_ptr<RawClient> client_;
    bool is_attached_ = false;
    std::vector<std::unique_ptr<LaneClient>> lanes_;
};

HostileSession attach(const std::string& grid) {
    for (;;) {
        HostileSession session(grid);
        if (session.is_attached()) return session;
        usleep(1000);  // the broker has closed the last one and may be busy
    }
}

/// Each lane of several sessions holds a message that never ends.
void send_unfinished_messages(const std::string& grid, const std::function<void()>& started) {
    const Bytes document = document_from_json('"' + std::string(100'000, 'x') + '"').value();
    shm::RequestWriter writer;
    writer.put("hostile/1", document, {});
    const ByteView message = writer.finish(1);
    const ByteView piece = message.first(shm::frame_bytes_max(shm::request_ring_bytes));
    for (;;) {
        const HostileSession session = attach(grid);
        session.memory().control().lanes_open = limits::lanes_per_session_max;
        std::vector<shm::ByteRingProducer> rings;
        for (std::size_t lane = 0; lane < limits::lanes_per_session_max; ++lane) {
            shm::LaneControl& control = session.memory().lane(lane);
            rings.emplace_back(session.memory().request_ring(lane), shm::request_ring_bytes,
                               control.client.request_tail, control.broker.request_head);
        }
        started();
        for (int round = 0; round < 1000; ++round) {
            for (shm::ByteRingProducer& ring : rings) {
                while (ring.push(piece, true)) {
                }
                ring.flush();
            }
            session.ring();
        }
    }
}

/// Sessions declare and withdraw watches of patterns continuously.
void churn_declarations(const std::string& grid, const std::function<void()>& started) {
    const HostileSession session = attach(grid);
    session.memory().control().declarations_used = limits::declarations_per_session_max;
    for (std::uint64_t round = 0;; ++round) {
        for (std::size_t i = 0; i < limits::declarations_per_session_max; ++i) {
            session.memory().declaration(i).declare(shm::DeclarationKind::watch, 0,
                                                    fmt::format("**/{}x{}", i, round));
        }
        ++session.memory().control().declarations_changed;
        session.ring();
        started();
    }
}

/// Many sessions set all their pins and keep them at old revisions.
void hold_pins(const std::string& grid, const std::function<void()>& started) {
    std::vector<HostileSession> sessions;
    const auto segment = shm::Segment::open(grid).value();
    for (;;) {
        HostileSession session(grid);
        if (!session.is_attached()) {
            started();
            sessions.clear();
            continue;
        }
        const Revision at = segment.header().commit.published.load();
        for (std::size_t i = 0; i < limits::pins_per_session_max; ++i) {
            session.memory().pin(i).lease_ms = limits::pin_lease_ms_max;
            session.memory().pin(i).pin = at + 1;
        }
        session.memory().control().pins_used = limits::pins_per_session_max;
        sessions.push_back(std::move(session));
        if (sessions.size() > 1000) sessions.clear();
        started();
    }
}

/// A client starts calls with a time-out of an hour, and cancels each at once.
void cancel_calls(const std::string& grid, const std::function<void()>& started) {
    HostileSession session = attach(grid);
    LaneClient& provider = session.open_lane();
    LaneClient& lane = session.open_lane();
    session.memory().declaration(0).declare(shm::DeclarationKind::provide, 0, "hostile/service");
    session.memory().control().declarations_used = 1;
    ++session.memory().control().declarations_changed;
    session.ring();
    static_cast<void>(provider);  // takes nothing
    const Bytes document = document_from_json("1").value();
    for (;;) {
        const std::uint64_t number = ++lane.number;
        const bool is_sent =
            lane.send_bytes(lane.writer.message(number, {.kind = wire::MessageKind::call,
                                                         .name = "hostile/service",
                                                         .document = document,
                                                         .timeout_ms = limits::call_ms_max}));
        if (!is_sent) {
            --lane.number;
            session.ring();
            usleep(10);
        } else {
            const std::uint64_t cancel = ++lane.number;
            while (!lane.send_bytes(
                lane.writer.message(cancel, {.kind = wire::MessageKind::cancel, .id = number}))) {
                session.ring();
                usleep(10);
            }
            started();
        }
        while (lane.take_message()) {
        }
    }
}

/// Sessions open and close continuously.
void churn_sessions(const std::string& grid, const std::function<void()>& started) {
    for (;;) {
        const HostileSession session = attach(grid);
        started();
    }
}

/// Documents at the limit of their size, with a million values.
void put_large_documents(const std::string& grid, const std::function<void()>& started) {
    Client client = Client::attach({.grid = grid, .timeout = std::chrono::seconds(60)}).value();
    std::string document = "[";
    for (int i = 0; i < 1'000'000; ++i) document += "[],";
    document.back() = ']';
    for (;;) {
        client.put("hostile/large", document).value();
        started();
    }
}

struct Kind {
    const char* name;
    void (*run)(const std::string& grid, const std::function<void()>& started);
};
constexpr std::array<Kind, 6> kinds{{
    {"unfinished messages", send_unfinished_messages},
    {"changing declarations", churn_declarations},
    {"pins held for an hour", hold_pins},
    {"cancelled calls", cancel_calls},
    {"sessions that begin and end", churn_sessions},
    {"documents of a million values", put_large_documents},
}};

Latencies some_puts(Client& client, std::size_t samples, pid_t broker, std::uint64_t& most_bytes) {
    Latencies latencies;
    for (std::size_t i = 0; i < samples; ++i) {
        const auto start = Clock::now();
        client.put(name_of(static_cast<std::uint32_t>(i % 1000)), R"({"n":1})").value();
        latencies.add(ns_since(start));
        if (i % 256 == 0) most_bytes = std::max(most_bytes, own_bytes_of(broker));
    }
    return latencies;
}

/// Measures puts while two hostile clients of one kind run, and the broker's memory at that time.
void measure_kind(Report& report, const Kind& kind, const Scale& scale) {
    const Broker crowded("512MiB");
    const Broker quiet("512MiB");
    Client beside =
        Client::attach({.grid = crowded.grid(), .timeout = std::chrono::seconds(60)}).value();
    Client alone = Client::attach({.grid = quiet.grid()}).value();
    pin_to(0);
    const std::size_t samples = scale.samples / 30;
    std::uint64_t most_bytes = 0;
    std::uint64_t ignored = 0;
    some_puts(beside, 1000, crowded.pid(), ignored);
    some_puts(alone, 1000, quiet.pid(), ignored);
    const SharedFlag working;
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 2; ++i) {
        children.push_back(std::make_unique<Child>([&] {
            pin_to(0);
            kind.run(crowded.grid(), [&working] { ++*working; });
        }));
    }
    working.await(4, "the hostile clients do not start");
    std::vector<double> with_hostile;
    std::vector<double> without;
    Latencies all;
    for (int slice = 0; slice < scale.slices; ++slice) {
        without.push_back(some_puts(alone, samples, quiet.pid(), ignored).at(0.99));
        const Latencies slice_beside = some_puts(beside, samples, crowded.pid(), most_bytes);
        with_hostile.push_back(slice_beside.at(0.99));
        all.add(slice_beside);
    }
    report.ratio(fmt::format("put, p99, beside two clients with {}", kind.name), with_hostile, "ns",
                 without, "alone", 5);
    report.absolute("the longest of these puts", all.longest(), "ns", Report::Wanted::at_most,
                    50e6);
    report.absolute("private memory of the broker meanwhile", static_cast<double>(most_bytes >> 20),
                    "MiB", Report::Wanted::at_most, 256);
}

}  // namespace

void measure_hostile_clients(Report& report, const Scale& scale) {
    for (const Kind& kind : kinds) measure_kind(report, kind, scale);
}

void measure_full_memory(Report& report, const Scale& scale) {
    // The broker and the writer share a private /dev/shm, which needs the right to mount.
    const SharedFlag rate;
    const SharedFlag is_done;
    Child measuring([&] {
        if (unshare(CLONE_NEWNS) != 0 ||
            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=40m,mode=1777") != 0) {
            *is_done = 1;
            return;
        }
        const Broker broker("256MiB");
        Client client = Client::attach({.grid = broker.grid()}).value();
        pin_to(0);
        const std::string text = '"' + std::string(16'000, 'x') + '"';
        for (int i = 0; client.put(fmt::format("fill/{}", i), text); ++i) {
        }
        const std::size_t refusals = std::max<std::size_t>(scale.samples / 10, 1000);
        const auto start = Clock::now();
        for (std::size_t i = 0; i < refusals; ++i) {
            if (client.put("more", text)) throw std::runtime_error("a full grid takes a record");
        }
        *rate = static_cast<std::uint64_t>(static_cast<double>(refusals) * 1e9 / ns_since(start));
        *is_done = 1;
    });
    while (*is_done == 0 && !measuring.has_ended()) usleep(1000);
    if (*rate == 0) return;  // cannot mount
    report.absolute("writes refused by a grid whose /dev/shm is full",
                    static_cast<double>((*rate).load()), "writes/s", Report::Wanted::at_least,
                    30'000);
}

}  // namespace ringside::bench
