#include <sys/epoll.h>
#include <sys/socket.h>

#include <charconv>
#include <chrono>

#include "bench/gateway/gateway.hpp"
#include "bench/support/latencies.hpp"

namespace ringside::bench {

namespace {

double now_ns() {
    return static_cast<double>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// Returns the time after `"at":` in a text, or none if it is missing.
std::optional<double> time_in(std::string_view text) {
    const std::size_t at = text.find("\"at\":");
    if (at == std::string_view::npos) return std::nullopt;
    std::uint64_t ns = 0;
    std::from_chars(text.data() + at + 5, text.data() + text.size(), ns);
    return static_cast<double>(ns);
}

/// A process that sleeps in epoll on a socket, and reports the latency of each text that arrives.
class Sleeper {
public:
    explicit Sleeper(const std::function<int()>& open) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
            throw std::runtime_error("cannot create a socket pair");
        mine_ = Descriptor(ends[0]);
        const int its = ends[1];
        child_.emplace([&open, its] { serve(open(), its); });
        close(its);
        static_cast<void>(next());  // it is ready
    }
    /// Returns the latency of the next text, in ns.
    [[nodiscard]] double next() const {
        double took = 0;
        if (read(mine_.get(), &took, sizeof took) != sizeof took) {
            throw std::runtime_error("written data did not arrive");
        }
        return took;
    }

private:
    [[noreturn]] static void serve(int socket, int out) {
        const Descriptor poll(epoll_create1(0));
        epoll_event wanted{.events = EPOLLIN, .data = {}};
        epoll_ctl(poll.get(), EPOLL_CTL_ADD, socket, &wanted);
        const auto say = [out](double took) {
            if (write(out, &took, sizeof took) < 0) _exit(1);
        };
        say(0);
        char text[16384];
        for (;;) {
            epoll_event event{};
            if (epoll_wait(poll.get(), &event, 1, -1) != 1) continue;
            const ssize_t size = read(socket, text, sizeof text);
            const double now = now_ns();
            if (size <= 0) _exit(1);
            if (const auto at = time_in({text, static_cast<std::size_t>(size)})) say(now - *at);
        }
    }

    Descriptor mine_;
    std::optional<Child> child_;
};

std::string stamp() { return "{\"at\":" + std::to_string(std::uint64_t(now_ns())) + "}"; }

}  // namespace

void measure_latency(Report& report, const GatewayScale& scale) {
    const Broker broker("256MiB", {"--spin-us", "0"}, Broker::Cores::both);
    const GatewayProcess gateway(broker, std::nullopt);
    Client client = Client::attach({.grid = broker.grid()}).value();
    const Sleeper stream([&] { return open_stream(gateway.port(), "clock"); });
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        throw std::runtime_error("cannot create a socket pair");
    const Descriptor mine(ends[0]);
    const Descriptor its(ends[1]);
    const Sleeper bare([&] { return its.get(); });
    std::vector<double> through;
    std::vector<double> wake_ups;
    for (int round = 0; round < scale.rounds; ++round) {
        Latencies of_stream;
        Latencies of_bare;
        for (int i = 0; i < scale.changes / scale.rounds; ++i) {
            usleep(300);  // all are asleep again
            client.put("clock", stamp()).value();
            of_stream.add(stream.next());
            usleep(300);
            const std::string text = stamp();
            if (write(mine.get(), text.data(), text.size()) < 0) throw std::runtime_error("write");
            of_bare.add(bare.next());
        }
        through.push_back(of_stream.at(0.5) / 1000);
        wake_ups.push_back(of_bare.at(0.5) / 1000);
    }
    report.ratio("a write until an event stream's client in another process has it, p50", through,
                 "us", wake_ups, "a bare wake-up by a unix socket", 2);
}

}  // namespace ringside::bench
