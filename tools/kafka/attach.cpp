#include "tools/kafka/attach.hpp"

#include <spdlog/spdlog.h>

#include <thread>

#include "tools/kafka/backoff.hpp"
#include "tools/kafka/source/refusal.hpp"

namespace ringside::kafka {

namespace {

/// How long one call may wait for the broker: between calls, Kafka must be served.
constexpr std::chrono::milliseconds call_timeout{1000};

bool may_pass(Errc code) noexcept {
    return code == Errc::no_such_grid || code == Errc::no_broker || code == Errc::timed_out ||
           code == Errc::connection_lost || code == Errc::session_limit;
}

}  // namespace

Result<Client> attach(const std::string& grid, const std::stop_token& stop) {
    ClientOptions options;
    options.grid = grid;
    options.program = "ringside-kafka";
    options.timeout = call_timeout;
    Backoff backoff;
    for (Errc told = Errc::ok;;) {
        auto client = Client::attach(options);
        if (client || !may_pass(client.error().code)) return client;
        if (client.error().code != told) {
            told = client.error().code;
            spdlog::warn("waiting for grid '{}': {}", grid, reason_of(client.error()));
        }
        for (backoff.fail(); !backoff.is_over();) {
            if (stop.stop_requested()) return Error(Errc::timed_out);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
}

}  // namespace ringside::kafka
