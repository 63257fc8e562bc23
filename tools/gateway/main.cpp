#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "shm/base/standard_streams.hpp"
#include "tools/gateway/gateway.hpp"

namespace ringside::gateway {
namespace {

Result<void> start_log(const Options& options) {
    try {
        auto logger = options.log_file.empty()
                          ? spdlog::stderr_color_mt("ringside")
                          : spdlog::basic_logger_mt("ringside", options.log_file);
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
        logger->set_level(spdlog::level::from_str(options.log_level));
        logger->flush_on(spdlog::level::info);
        spdlog::set_default_logger(std::move(logger));
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

/// Reads who may do what, and the certificates, once more; what is wrong changes nothing.
void reload(const Options& options, Gateway& gateway, Server& server) {
    Options fresh;
    auto read = read_config_file(options.config, fresh);
    if (read) {
        auto tls = make_tls(fresh);
        if (tls && (*tls == nullptr) != (options.tls == std::nullopt)) {
            tls = Error(Errc::bad_configuration, "[tls] comes and goes with a restart only");
        }
        if (tls && fresh.access->authenticator.has_methods() !=
                       options.access->authenticator.has_methods()) {
            tls = Error(Errc::bad_configuration,
                        "whether users have to be known changes with a restart only");
        }
        if (tls && !fresh.deepstream.is_where(options.deepstream)) {
            tls = Error(Errc::bad_configuration,
                        "[deepstream] comes, goes and moves with a restart only");
        }
        if (tls) {
            server.set_tls(*std::move(tls));
            gateway.set_access(fresh.access);
            gateway.set_logins(fresh.deepstream.logins);
            spdlog::info("{} was read again", options.config);
            return;
        }
        read = tls.error();
    }
    spdlog::error("nothing changes: {}", read.error().text());
}

using Signals = asio::basic_signal_set<Executor>;

Task<void> follow_signals(Signals& signals, const Options& options, Gateway& gateway,
                          Server& server, asio::io_context& loop) {
    for (bool is_ending = false;;) {
        const auto [failed, signal] = co_await signals.async_wait(use_task);
        if (failed) co_return;
        if (signal == SIGHUP) {
            if (options.config.empty()) spdlog::info("there is no file to read again");
            else reload(options, gateway, server);
            continue;
        }
        if (std::exchange(is_ending, true))
            co_return loop.stop();  // whoever asks twice is in haste
        spdlog::info("ends, when what is under way is done");
        gateway.drain();
        server.drain();
    }
}

/// As many connections as the options allow need descriptors.
void allow_descriptors(std::size_t connections) {
    constexpr std::size_t others = 256;
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    const rlim_t wanted = std::max<rlim_t>(files.rlim_cur, connections + others);
    files.rlim_cur = std::min(wanted, files.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < wanted) {
        spdlog::warn("only {} descriptors are allowed: not every connection will have one",
                     files.rlim_cur);
    }
}

Result<void> serve(const Options& options) {
    auto tls = make_tls(options);
    if (!tls) return tls.error();
    allow_descriptors(options.limits.connections);
    asio::io_context loop(1);
    auto grid = GridAccess::attach(loop, options.grid, options.broker_time);
    if (!grid) return grid.error();
    Gateway gateway(loop, **grid, options);
    Server server(loop, gateway, options.limits, *tls);
    gateway.set_server(server);
    std::string ready = "ready";
    for (const std::string& address : options.listen) {
        const auto bound = server.listen(address);
        if (!bound) return bound.error();
        const std::string host = bound->address().to_string();
        ready += bound->address().is_v6() ? " [" + host + "]" : " " + host;
        ready += ":" + std::to_string(bound->port());
    }
    // Before it says that it is ready: from then on it may be sent signals.
    Signals signals(loop.get_executor(), SIGTERM, SIGINT, SIGHUP);
    asio::co_spawn(loop.get_executor(), follow_signals(signals, options, gateway, server, loop),
                   asio::detached);
    std::printf("%s\n", ready.c_str());
    std::fflush(stdout);
    spdlog::info("serves grid '{}':{}", options.grid, ready.substr(5));
    loop.run();
    if (server.counts().connections_open > 0) {
        // They wait for the grid, in the midst of what is here: the kernel tidies up.
        spdlog::warn("ends with requests under way");
        std::fflush(nullptr);
        std::_Exit(0);
    }
    return {};
}

int run(int argc, char** argv) {
    reserve_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);
    auto parsed = parse_options(argc, argv);
    Error failure;
    if (parsed) {
        if (parsed->is_done) return parsed->status;
        auto done = start_log(parsed->options);
        if (done) done = serve(parsed->options);
        if (done) return 0;
        failure = done.error();
    } else {
        failure = parsed.error();
    }
    std::fprintf(stderr, "ringside-gateway: %s\n", failure.text().c_str());
    const bool is_usage =
        failure.code == Errc::bad_configuration || failure.code == Errc::bad_grid_name;
    return is_usage ? 2 : 1;
}

}  // namespace
}  // namespace ringside::gateway

int main(int argc, char** argv) { return ringside::gateway::run(argc, argv); }
