#include "bench/deepstream/servers.hpp"
#include "tools/support/built_paths.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ringside::bench {

namespace {

const std::filesystem::path tree = built::source_directory;

std::string configuration() {
    std::string path = Scratch::here().directory("gateway") + "/gateway.toml";
    if (!(std::ofstream(path) << "[deepstream]\n"))
        throw std::runtime_error("cannot write " + path);
    return path;
}

}  // namespace

NodeProcess::NodeProcess(const std::string& script, const std::string& argument,
                         std::uint16_t port) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("cannot create a pipe");
    const Descriptor its(ends[0]);
    input_ = Descriptor(ends[1]);
    // Only this process holds the write end: children started later must not keep it open.
    fcntl(input_.get(), F_SETFD, FD_CLOEXEC);
    child_.emplace([&] {
        unpin();
        dup2(its.get(), STDIN_FILENO);
        become(built::node, {"node", tree / script, argument});
    });
    await_listener(port);
}

RingsideServer::RingsideServer()
    : broker_("256MiB", {"--spin-us", "0"}, Broker::Cores::both),
      gateway_(broker_, std::nullopt, {"--config", configuration()}) {}

Server RingsideServer::server() const {
    return {"Ringside", gateway_.port(), gateway_.pid(), broker_.pid()};
}

UpstreamServer::UpstreamServer()
    : node_("tests/deepstream/upstream.js", fmt::format(R"({{"port":{}}})", port_), port_) {}

EchoServer::EchoServer() : node_("bench/deepstream/echo.js", std::to_string(port_), port_) {}

bool are_peers_installed() {
    const char* place = std::getenv("RINGSIDE_DEEPSTREAM_PEERS");
    const std::filesystem::path wanted = place != nullptr ? place : "build/deepstream-peers";
    return std::filesystem::exists(tree / wanted / "complete");
}

}  // namespace ringside::bench
