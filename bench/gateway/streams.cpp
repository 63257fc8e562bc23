#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <ctime>
#include <deque>

#include "bench/gateway/gateway.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t event_bytes = 190;  ///< approximate size of a `score/1` event

/// Holds connections that watch one pattern, and counts the starts of received events.
[[noreturn]] void hold(std::uint16_t port, int connections, std::atomic<std::uint64_t>& open,
                       std::atomic<std::uint64_t>& events) {
    pin_to(1);
    allow_descriptors(static_cast<std::size_t>(connections) + 100);
    const Descriptor poll(epoll_create1(0));
    std::deque<int> sockets;
    for (int i = 0; i < connections; ++i) {
        const int socket = open_stream(port, "score/*");
        epoll_event wanted{.events = EPOLLIN, .data = {.fd = socket}};
        epoll_ctl(poll.get(), EPOLL_CTL_ADD, socket, &wanted);
        ++open;
    }
    for (;;) {
        epoll_event ready[256];
        const int count = epoll_wait(poll.get(), ready, 256, -1);
        for (int i = 0; i < count; ++i) {
            char text[16384];
            const ssize_t size = read(ready[i].data.fd, text, sizeof text);
            if (size <= 0) _exit(1);
            const std::string_view got(text, static_cast<std::size_t>(size));
            std::uint64_t begun = 0;
            for (std::size_t at = got.find("event: "); at != std::string_view::npos;
                 at = got.find("event: ", at + 1)) {
                ++begun;
            }
            events += begun;
        }
    }
}

/// Measures the time in ns to send the same amount on as many connections, and nothing else. The
/// kernel does the work of the receiving side in the sender's time.
double cost_of_bare_sends(const GatewayScale& scale) {
    const Descriptor listener(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener.get(), any, size) != 0 || getsockname(listener.get(), any, &size) != 0 ||
        listen(listener.get(), 4096) != 0) {
        throw std::runtime_error("cannot listen");
    }
    const std::uint16_t port = ntohs(address.sin_port);
    const Child receiver([&] {
        pin_to(1);
        allow_descriptors(static_cast<std::size_t>(scale.connections) + 100);
        const Descriptor poll(epoll_create1(0));
        for (int i = 0; i < scale.connections; ++i) {
            const int socket = connect_to(port);
            epoll_event wanted{.events = EPOLLIN, .data = {.fd = socket}};
            epoll_ctl(poll.get(), EPOLL_CTL_ADD, socket, &wanted);
        }
        for (;;) {
            epoll_event ready[256];
            const int count = epoll_wait(poll.get(), ready, 256, -1);
            char text[4096];
            for (int i = 0; i < count; ++i) {
                if (read(ready[i].data.fd, text, sizeof text) <= 0) return;
            }
        }
    });
    pin_to(0);
    allow_descriptors(static_cast<std::size_t>(scale.connections) + 100);
    std::deque<Descriptor> sockets;
    for (int i = 0; i < scale.connections; ++i) {
        sockets.emplace_back(accept(listener.get(), nullptr, nullptr));
        const int yes = 1;
        setsockopt(sockets.back().get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    const std::string text(event_bytes, 'x');
    timespec began{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
    for (int i = 0; i < scale.broadcasts; ++i) {
        for (const Descriptor& socket : sockets) {
            if (send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
                throw std::runtime_error("send");
            }
        }
    }
    timespec ended{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    unpin();
    return static_cast<double>(ended.tv_sec - began.tv_sec) * 1e9 +
           static_cast<double>(ended.tv_nsec - began.tv_nsec);
}

}  // namespace

void measure_streams(Report& report, const GatewayScale& scale) {
    const Broker broker("256MiB", {"--spin-us", "0"});
    const GatewayProcess gateway(broker, 0);
    Client client = Client::attach({.grid = broker.grid()}).value();
    const auto connections = static_cast<std::uint64_t>(scale.connections);
    const SharedFlag open;
    const SharedFlag events;
    const std::uint64_t before = gateway.resident_bytes();
    const Child holder([&] { hold(gateway.port(), scale.connections, *open, *events); });
    while ((*open).load() < connections) {
        if (holder.has_ended()) throw std::runtime_error("connections lost");
        usleep(1000);
    }
    const std::uint64_t after = gateway.resident_bytes();
    const double cpu_before = gateway.cpu_ns();
    pin_to(1);
    for (int i = 0; i < scale.broadcasts; ++i) {
        client.put("score/1", R"({"home":)" + std::to_string(i) + R"(,"away":0})").value();
        const std::uint64_t told = connections * static_cast<std::uint64_t>(i + 1);
        while ((*events).load() < told) {
            if (holder.has_ended()) throw std::runtime_error("connections lost");
            usleep(1000);
        }
    }
    const double cpu = gateway.cpu_ns() - cpu_before;
    unpin();
    const double count = static_cast<double>(connections);
    const std::string of_all = std::to_string(connections) + " event streams of one pattern: ";
    report.absolute(of_all + "time of the gateway per stream and change",
                    cpu / count / scale.broadcasts / 1000, "us", Report::Wanted::at_most, 3);
    const double bare = cost_of_bare_sends(scale) / count / scale.broadcasts / 1000;
    report.ratio(of_all + "the same", {cpu / count / scale.broadcasts / 1000}, "us", {bare},
                 "a loop of `send` of as many bytes", 1.5);
    report.absolute(of_all + "memory of the gateway per stream",
                    static_cast<double>(after - before) / count / 1024, "KiB",
                    Report::Wanted::at_most, 20);
}

}  // namespace ringside::bench
