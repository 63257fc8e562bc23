#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

#include "bench/gateway/gateway.hpp"

namespace ringside::bench {

/// A server of deepstream's protocol.
struct Server {
    std::string name;
    std::uint16_t port;
    pid_t process;
    std::optional<pid_t> broker;  ///< its time is included

    [[nodiscard]] std::string url() const {
        return fmt::format("ws://127.0.0.1:{}/deepstream", port);
    }
};

/// A script of this tree in Node. It ends when its standard input closes, and thus with this
/// process.
class NodeProcess {
public:
    /// Waits until it listens on the port. Throws on failure.
    NodeProcess(const std::string& script, const std::string& argument, std::uint16_t port);
    [[nodiscard]] pid_t pid() const noexcept { return child_->pid(); }

private:
    Descriptor input_;
    std::optional<Child> child_;
};

/// The gateway, with a broker that stores nothing on disk.
class RingsideServer {
public:
    RingsideServer();
    [[nodiscard]] Server server() const;

private:
    Broker broker_;
    GatewayProcess gateway_;
};

/// deepstream's own server with its default configuration: its cache is a map in its process, and
/// nothing is stored.
class UpstreamServer {
public:
    UpstreamServer();
    [[nodiscard]] Server server() const { return {"deepstream", port_, node_.pid(), std::nullopt}; }

private:
    std::uint16_t port_ = free_port();
    NodeProcess node_;
};

/// A server that answers immediately without any processing.
class EchoServer {
public:
    EchoServer();
    [[nodiscard]] Server server() const { return {"echo", port_, node_.pid(), std::nullopt}; }

private:
    std::uint16_t port_ = free_port();
    NodeProcess node_;
};

/// Returns whether tools/peers has installed deepstream's client and server.
[[nodiscard]] bool are_peers_installed();

}  // namespace ringside::bench
