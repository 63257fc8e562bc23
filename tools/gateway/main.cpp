#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <optional>

#include "broker/daemon/log.hpp"
#include "broker/daemon/process.hpp"
#include "broker/daemon/service_manager.hpp"
#include "shm/base/standard_streams.hpp"
#include "tools/gateway/gateway.hpp"
#include "tools/gateway/load/memory.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {
namespace {

/// Returns the options as they would be now, for SIGHUP.
using ReadAgain = std::function<Result<Options>()>;

/// Returns when the server's certificate expires; none without TLS.
std::optional<std::chrono::system_clock::time_point> certificate_expiry(
    const std::shared_ptr<ssl::context>& tls) {
    const X509* const shown =
        tls == nullptr ? nullptr : SSL_CTX_get0_certificate(tls->native_handle());
    std::tm expiry{};
    if (shown == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(shown), &expiry) != 1)
        return std::nullopt;
    return std::chrono::system_clock::from_time_t(timegm(&expiry));
}

/// Opens the log file again, and reloads access rules and certificates. An invalid configuration
/// changes nothing.
void reload(const Options& options, const ReadAgain& read_again, Gateway& gateway, Server& server) {
    auto read_options = read_again();
    Result<void> read;
    if (read_options) read = daemon::reopen_log(read_options->log());
    else read = read_options.error();
    if (read) {
        const Options& fresh = *read_options;
        auto tls = make_tls(fresh);
        if (tls && (*tls == nullptr) != (options.tls == std::nullopt)) {
            tls = Error(Errc::bad_configuration, "adding or removing [tls] needs a restart");
        }
        if (tls && fresh.access->authenticator.is_for_everybody() !=
                       options.access->authenticator.is_for_everybody()) {
            tls = Error(Errc::bad_configuration,
                        "changing whether users must authenticate needs a restart");
        }
        if (tls && !fresh.deepstream.is_where(options.deepstream)) {
            tls = Error(Errc::bad_configuration, "changing [deepstream] needs a restart");
        }
        if (tls) {
            gateway.set_certificate_expiry(certificate_expiry(*tls));
            server.set_tls(*std::move(tls));
            gateway.set_access(fresh.access);
            gateway.set_logins(fresh.deepstream.logins);
            if (options.config.empty()) spdlog::info("log file reopened; no --config to reload");
            else spdlog::info("configuration reloaded: {}", options.config);
            return;
        }
        read = tls.error();
    }
    spdlog::error("configuration not reloaded, the current one stays in force: {}",
                  read.error().text());
}

using Signals = asio::basic_signal_set<Executor>;

/// Waits for the next signal. Returns false if there are no more.
Task<bool> follow_signal(Signals& signals, bool& is_ending, const Options& options,
                         const ReadAgain& read_again, Gateway& gateway, Server& server,
                         asio::io_context& loop) {
    const auto [failed, signal] = co_await signals.async_wait(use_task);
    if (failed) co_return false;
    if (signal == SIGHUP) {
        reload(options, read_again, gateway, server);
        co_return true;
    }
    if (std::exchange(is_ending, true)) {
        loop.stop();  // a second signal ends the program immediately
        co_return false;
    }
    spdlog::info("{} received; stopping after pending requests", strsignal(signal));
    daemon::notify_stopping();
    gateway.drain();
    server.drain();
    co_return true;
}

/// Raises the limit of descriptors to what the allowed number of connections needs.
void allow_descriptors(std::size_t connections) {
    constexpr std::size_t others = 256;
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    const rlim_t wanted = std::max<rlim_t>(files.rlim_cur, connections + others);
    files.rlim_cur = std::min(wanted, files.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < wanted) {
        spdlog::warn(
            "limit of open files ({}) is below the connection limit; raise it (ulimit -n, "
            "LimitNOFILE=)",
            files.rlim_cur);
    }
}

Result<void> serve(const Options& options, const ReadAgain& read_again) {
    auto tls = make_tls(options);
    if (!tls) return tls.error();
    allow_descriptors(options.limits.connections);
    asio::io_context loop(1);
    auto grid = GridAccess::attach(loop, options.grid, options.broker_time, options.pools);
    if (!grid) return grid.error();
    Gateway gateway(loop, **grid, options);
    Server server(loop, gateway, options.limits, *tls);
    gateway.set_server(server);
    gateway.set_certificate_expiry(certificate_expiry(*tls));
    std::string ready = "ready";
    for (const std::string& address : options.listen) {
        const auto bound = server.listen(address);
        if (!bound) return bound.error();
        const std::string host = bound->address().to_string();
        ready += bound->address().is_v6() ? " [" + host + "]" : " " + host;
        ready += ":" + std::to_string(bound->port());
    }
    // Installed before the program reports that it is ready: from then on it may receive signals.
    Signals signals(loop.get_executor(), SIGTERM, SIGINT, SIGHUP);
    const Executor executor = loop.get_executor();
    bool is_ending = false;
    auto follow = [&] {
        return follow_signal(signals, is_ending, options, read_again, gateway, server, loop);
    };
    spawn(executor, keep_doing(executor, "signal handling", std::move(follow)), "signal handling");
    std::printf("%s\n", ready.c_str());
    std::fflush(stdout);
    spdlog::info("serving grid '{}' on{}", options.grid, ready.substr(5));
    daemon::notify_ready("Serving grid " + options.grid + " on" + ready.substr(5));
    loop.run();
    if (server.counts().connections_open > 0) {
        // The remaining requests wait for the grid and use objects of this function. The kernel
        // cleans up.
        spdlog::warn("stopping with requests pending");
        std::fflush(nullptr);
        std::_Exit(0);
    }
    return {};
}

int run(int argc, char** argv) {
    reserve_standard_streams();
    daemon::prepare_process();
    set_up_memory();
    auto parsed = parse_options(argc, argv);
    Error failure;
    if (parsed) {
        if (parsed->is_done) return parsed->status;
        auto done = daemon::start_log(parsed->options.log());
        if (done) {
            done = serve(parsed->options, [argc, argv]() -> Result<Options> {
                auto fresh = parse_options(argc, argv);
                if (!fresh) return fresh.error();
                return std::move(fresh->options);
            });
        }
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
