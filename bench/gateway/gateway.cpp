#include "bench/gateway/gateway.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "bench/support/usage.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::bench {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

std::uint16_t free_port() {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("cannot get a port");
    }
    return ntohs(address.sin_port);
}

int connect_to(std::uint16_t port) {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("no server listens on port " + std::to_string(port));
    }
    return socket.release();
}

int open_stream(std::uint16_t port, const std::string& pattern) {
    Descriptor socket(connect_to(port));
    const std::string request =
        "GET /v1/watch?pattern=" + pattern + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    if (write(socket.get(), request.data(), request.size()) < 0) throw std::runtime_error("write");
    // The response head, and the first position, which ends with an empty line.
    std::string all;
    char text[4096];
    while (all.find("\r\n\r\nid: ") == std::string::npos) {
        const ssize_t size = read(socket.get(), text, sizeof text);
        if (size <= 0) throw std::runtime_error("event stream does not start");
        all.append(text, static_cast<std::size_t>(size));
    }
    return socket.release();
}

void await_listener(std::uint16_t port) {
    for (int tries = 0;; ++tries) {
        try {
            close(connect_to(port));
            return;
        } catch (const std::runtime_error&) {
            if (tries == 10'000) throw;
            usleep(1000);
        }
    }
}

void allow_descriptors(std::size_t count) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    if (files.rlim_max < count || setrlimit(RLIMIT_NOFILE, &files) != 0) {
        throw std::runtime_error("limit of open files too low; raise it (ulimit -n)");
    }
}

GatewayProcess::GatewayProcess(const Broker& broker, std::optional<int> core,
                               const std::vector<std::string>& more)
    : port_(free_port()) {
    std::vector<std::string> words = {"ringside-gateway", "--grid", broker.grid(), "--listen",
                                      "127.0.0.1:" + std::to_string(port_)};
    words.insert(words.end(), more.begin(), more.end());
    child_.emplace([&] {
        if (core) pin_to(*core);
        else unpin();
        become(built::gateway, words);
    });
    await_listener(port_);
}

double GatewayProcess::cpu_ns() const { return cpu_ns_of(child_->pid()); }

std::uint64_t GatewayProcess::resident_bytes() const { return resident_bytes_of(child_->pid()); }

}  // namespace ringside::bench
