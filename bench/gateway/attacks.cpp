#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <memory>

#include "bench/gateway/gateway.hpp"
#include "bench/gateway/http_user.hpp"
#include "bench/support/latencies.hpp"
#include "bench/support/progress.hpp"

/// Measures the effect on one user when another user, or an unknown client, overloads the gateway.
namespace ringside::bench {

namespace {

constexpr std::string_view attacker_key = "attacker-key-0123456789abcdefghijklmnop";
constexpr std::string_view reader_key = "reader-key-0123456789abcdefghijklmnop";
constexpr std::string_view configuration =
    "[[api_key]]\nuser = \"attacker\"\n"
    "hash = \"sha256:a39b91d91fa284d4c4d8d5bdeda8d45c19fa1624603c1474106814508e1e5a3f\"\n"
    "[[api_key]]\nuser = \"reader\"\n"
    "hash = \"sha256:3575a15cc3e4e458c961dc5e0a6a9260fb8e8de725b4cbc166bed2760eb700bb\"\n";

constexpr std::string_view endless_query =
    R"({"sql":"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c))"
    R"( SELECT count(*) FROM c"})";

/// Runs in a separate process until that is killed. Adds the attacker's progress to `reached`.
using Attack = std::function<void(std::uint16_t port, std::atomic<std::uint64_t>& reached)>;

struct Scenario {
    std::string name;
    Attack attack;
    std::uint64_t wanted = 0;  ///< progress at which the attack is in full effect
    bool is_flood = false;     ///< reads are timed until `wanted` is reached, not after it
    bool stops_broker = false;
};

[[noreturn]] void wait_for_end() {
    for (;;) pause();
}

/// Sends endless trailer lines without credentials. Opens another connection after each refusal.
/// Progress: bytes.
void send_trailers(std::uint16_t port, std::atomic<std::uint64_t>& reached) {
    std::string lines;
    while (lines.size() < (64U << 10))
        lines += fmt::format("X-Trailer-{}: 0123456789\r\n", lines.size());
    const std::string head =
        "PUT /v1/records/a HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\n1\r\n0\r\n";
    for (;;) {
        const Descriptor socket(connect_to(port));
        send_some(socket.get(), head);
        for (std::size_t sent = lines.size(); sent == lines.size();) {
            sent = send_some(socket.get(), lines);
            reached += sent;
        }
    }
}

/// Sends queries that never end, and repeats those that are ended or refused. Progress: queries.
void ask_endlessly(std::uint16_t port, std::atomic<std::uint64_t>& reached, int count) {
    const auto ask = [&] {
        HttpUser user(port, attacker_key);
        for (;;) {
            user.begin("POST", "/v1/query", endless_query);
            ++reached;
            constexpr unsigned too_many = 429;
            if (user.read() == too_many) usleep(100'000);
        }
    };
    std::deque<Child> askers;
    for (int i = 0; i < count; ++i) askers.emplace_back(ask);
    wait_for_end();
}

/// Sends WebSocket messages without their end. Progress: messages.
void begin_messages(std::uint16_t port, std::atomic<std::uint64_t>& reached, int count) {
    constexpr std::size_t sent_bytes = 10U << 20;
    // Announces 12 MiB, masked with zeros (RFC 6455, 5.2).
    std::string frame("\x81\xFF\0\0\0\0\0\xC0\0\0\0\0\0\0", 14);
    frame.append(sent_bytes, ' ');
    const std::string upgrade =
        request_head("GET", "/v1/ws", attacker_key) +
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    std::deque<Descriptor> sockets;
    for (int i = 0; i < count; ++i) {
        sockets.emplace_back(connect_to(port));
        send_some(sockets.back().get(), upgrade);
        char answer[1024];
        if (recv(sockets.back().get(), answer, sizeof answer, 0) <= 0)
            throw std::runtime_error("ws");
        send_some(sockets.back().get(), frame);
        ++reached;
    }
    wait_for_end();
}

/// Sends request bodies at one byte per second. Progress: connections.
void send_slow_bodies(std::uint16_t port, std::atomic<std::uint64_t>& reached, int count) {
    allow_descriptors(static_cast<std::size_t>(count) + 100);
    constexpr int announced_bytes = 60'000;
    const std::string head = request_head("PUT", "/v1/records/a", attacker_key) +
                             fmt::format("Content-Length: {}\r\n\r\n", announced_bytes);
    std::deque<Descriptor> sockets;
    for (int i = 0; i < count; ++i) {
        sockets.emplace_back(connect_to(port));
        send_some(sockets.back().get(), head);
        ++reached;
    }
    constexpr useconds_t second = 1'000'000;
    const useconds_t interval = second / static_cast<useconds_t>(count);
    for (;;) {
        for (Descriptor& socket : sockets) {
            // A refused body is sent again over another connection.
            if (send_some(socket.get(), " ") == 0) {
                socket = Descriptor(connect_to(port));
                send_some(socket.get(), head);
            }
            usleep(interval);
        }
    }
}

/// Sends watches and writes, which need the broker. Progress: pairs of requests.
void need_the_broker(std::uint16_t port, std::atomic<std::uint64_t>& reached, int count) {
    std::deque<HttpUser> users;
    for (int i = 0; i < count; ++i) {
        users.emplace_back(port, attacker_key);
        users.back().begin("GET", fmt::format("/v1/watch?pattern=stopped/{}", i));
        users.emplace_back(port, attacker_key);
        users.back().begin("PUT", "/v1/records/a", "1");
        ++reached;
    }
    wait_for_end();
}

/// Times reads in groups while `continues` is true. Returns their 99th percentile in us.
double p99_of_gets(HttpUser& reader, std::string_view target,
                   const std::function<bool()>& continues) {
    Latencies latencies;
    while (continues()) {
        constexpr int group = 100;
        for (int i = 0; i < group; ++i) {
            const auto begun = Clock::now();
            static_cast<void>(reader.get(target));
            latencies.add(static_cast<double>((Clock::now() - begun).count()));
        }
    }
    return latencies.at(0.99) / 1000;
}

/// Starts the attacker's process with the lowest priority, because a real attacker uses another
/// host.
std::unique_ptr<Child> start(const Attack& attack, std::uint16_t port, const SharedFlag& reached) {
    return std::make_unique<Child>([&] {
        constexpr int lowest = 19;
        setpriority(PRIO_PROCESS, 0, lowest);
        attack(port, *reached);
    });
}

/// Suspends a process during the lifetime of the object. 0: no process.
class Suspension {
public:
    explicit Suspension(pid_t process) : process_(process) {
        if (process_ != 0) kill(process_, SIGSTOP);
    }
    ~Suspension() {
        if (process_ != 0) kill(process_, SIGCONT);
    }
    Suspension(const Suspension&) = delete;
    Suspension& operator=(const Suspension&) = delete;

private:
    const pid_t process_;
};

/// A grid and a gateway for one attack.
class Arena {
public:
    Arena() {
        Client client = Client::attach({.grid = broker_.grid()}).value();
        for (int i = 0; i < 1000; ++i) {
            client.put(fmt::format("event/42/seat/{}", i), R"({"price":4200,"status":"free"})")
                .value();
        }
        const std::string file = Scratch::here().directory("attacks") + "/gateway.toml";
        std::ofstream(file) << configuration;
        gateway_.emplace(broker_, std::nullopt,
                         std::vector<std::string>{"--config", file, "--log-level", "error"});
        warm_up();
    }

    [[nodiscard]] const GatewayProcess& gateway() const { return *gateway_; }
    [[nodiscard]] const Broker& broker() const { return broker_; }
    [[nodiscard]] HttpUser reader() const { return {gateway_->port(), reader_key}; }

    static constexpr std::string_view record = "/v1/records/event%2F42%2Fseat%2F7";
    static constexpr std::string_view list = "/v1/records?pattern=event/**";

private:
    /// Makes the gateway allocate what it allocates only once, before its memory is measured.
    void warm_up() const {
        HttpUser user = reader();
        for (int i = 0; i < 1000; ++i) static_cast<void>(user.get(record));
        for (int i = 0; i < 10; ++i) static_cast<void>(user.get(list));
        user.begin("POST", "/v1/query", R"({"sql":"SELECT 1"})");
        if (user.read() != 200) throw std::runtime_error("a query");
    }

    Broker broker_{"256MiB", {"--spin-us", "0"}, Broker::Cores::both};
    std::optional<GatewayProcess> gateway_;
};

constexpr double mebibyte = 1U << 20;

/// Follows the resident memory of the gateway.
class MemoryPeak {
public:
    explicit MemoryPeak(const GatewayProcess& gateway)
        : gateway_(gateway), before_(static_cast<double>(gateway.resident_bytes())) {}

    void look() { peak_ = std::max(peak_, static_cast<double>(gateway_.resident_bytes())); }
    /// Waits until the memory has fallen to 1.5 times its initial size, at most 30 s.
    void report(Report& report, const std::string& name) {
        const auto ended = Clock::now();
        const auto now = [this] { return static_cast<double>(gateway_.resident_bytes()); };
        constexpr std::chrono::seconds most{30};
        while (now() > before_ * 1.5 && Clock::now() - ended < most) usleep(100'000);
        const double seconds = std::chrono::duration<double>(Clock::now() - ended).count();
        report.absolute("memory of the gateway beside " + name, peak_ / mebibyte, "MiB",
                        Report::Wanted::at_most, 1024);
        report.ratio(fmt::format("the same, {:.0f} s afterwards", seconds), {now() / mebibyte},
                     "MiB", {before_ / mebibyte}, "before", 1.5);
    }

private:
    const GatewayProcess& gateway_;
    const double before_;
    double peak_ = 0;
};

void measure_reads(Report& report, const AttackScale& scale, const Scenario& scenario) {
    progress(scenario.name);
    const Arena arena;
    HttpUser reader = arena.reader();
    MemoryPeak memory(arena.gateway());
    const auto slice = [&] { return Clock::now() + std::chrono::milliseconds(scale.slice_ms); };
    std::vector<double> alone;
    std::vector<double> beside;
    for (int round = 0; round < scale.rounds; ++round) {
        auto until = slice();
        alone.push_back(p99_of_gets(reader, Arena::record, [&] { return Clock::now() < until; }));
        const SharedFlag reached;
        {
            const Suspension suspension(scenario.stops_broker ? arena.broker().pid() : 0);
            const auto attacker = start(scenario.attack, arena.gateway().port(), reached);
            const auto has_arrived = [&] {
                if (attacker->has_ended()) throw std::runtime_error("the attack has ended");
                memory.look();
                return (*reached).load() >= scenario.wanted;
            };
            while (!scenario.is_flood && !has_arrived()) usleep(10'000);
            until = slice();
            beside.push_back(p99_of_gets(reader, Arena::record,
                                         [&] { return !has_arrived() || Clock::now() < until; }));
        }
    }
    report.ratio("`GET` of a record beside " + scenario.name + ", p99", beside, "us", alone,
                 "alone", 3);
    memory.report(report, scenario.name);
}

void measure_lists(Report& report, const AttackScale& scale) {
    const std::string name = fmt::format("{} endless queries of another user", scale.many_queries);
    progress(name);
    const Arena arena;
    HttpUser reader = arena.reader();
    const SharedFlag sent;
    const auto attacker = start(
        [&](std::uint16_t port, std::atomic<std::uint64_t>& reached) {
            ask_endlessly(port, reached, scale.many_queries);
        },
        arena.gateway().port(), sent);
    sent.await(static_cast<std::uint64_t>(scale.many_queries), "the queries are not sent");
    Latencies latencies;
    for (int i = 0; i < scale.lists; ++i) {
        const auto begun = Clock::now();
        static_cast<void>(reader.get(Arena::list));
        latencies.add(static_cast<double>((Clock::now() - begun).count()));
    }
    report.absolute(fmt::format("`GET /v1/records`, 100 records, beside {}, the slowest of {}",
                                name, scale.lists),
                    latencies.longest() / 1e6, "ms", Report::Wanted::at_most, 200);
}

}  // namespace

void measure_attacks(Report& report, const AttackScale& scale) {
    using Progress = std::atomic<std::uint64_t>;
    const auto count = [](int number) { return static_cast<std::uint64_t>(number); };
    const std::vector<Scenario> scenarios = {
        {.name = fmt::format("{} MB of trailers", scale.trailer_bytes / 1'000'000),
         .attack = send_trailers,
         .wanted = scale.trailer_bytes,
         .is_flood = true},
        {.name = fmt::format("{} endless queries", scale.queries),
         .attack = [&](std::uint16_t port,
                       Progress& reached) { ask_endlessly(port, reached, scale.queries); },
         .wanted = count(scale.queries)},
        {.name = fmt::format("{} MiB of unfinished WebSocket messages", scale.messages * 10),
         .attack = [&](std::uint16_t port,
                       Progress& reached) { begin_messages(port, reached, scale.messages); },
         .wanted = count(scale.messages)},
        {.name = fmt::format("{} slow bodies", scale.bodies),
         .attack = [&](std::uint16_t port,
                       Progress& reached) { send_slow_bodies(port, reached, scale.bodies); },
         .wanted = count(scale.bodies)},
        {.name = "a stopped broker",
         .attack = [&](std::uint16_t port,
                       Progress& reached) { need_the_broker(port, reached, scale.queries); },
         .wanted = count(scale.queries),
         .stops_broker = true},
    };
    for (const Scenario& scenario : scenarios) measure_reads(report, scale, scenario);
    measure_lists(report, scale);
}

}  // namespace ringside::bench
