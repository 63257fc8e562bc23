#include "tools/kafka/sink/run_sinks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "tools/kafka/sink/sink.hpp"

namespace ringside::kafka {

namespace {

/// How long a position waits for the grid before Kafka is looked at again.
constexpr auto grid_timeout = std::chrono::seconds(2);

/// Of this run: processes in different containers may have the same number.
std::string make_member() {
    std::random_device random;
    return fmt::format("{}-{:08x}", getpid(), random());
}

/// The first failure of several threads. Thread safety: every member.
class FirstError {
public:
    void note(const Error& error) {
        const std::scoped_lock lock(mutex_);
        if (!error_) error_ = error;
    }
    /// REQUIRES: nobody notes any more.
    [[nodiscard]] Result<void> result() const {
        if (error_) return *error_;
        return {};
    }

private:
    std::mutex mutex_;
    std::optional<Error> error_;
};

}  // namespace

Result<void> run_sinks(const std::string& grid, const std::vector<SinkOptions>& sinks,
                       const std::stop_token& stop, const std::function<void()>& on_ready) {
    if (sinks.empty()) return Error(Errc::bad_configuration, "there is no [[sink]]");
    auto client =
        Client::attach({.grid = grid, .program = "ringside-kafka sink", .timeout = grid_timeout});
    if (!client) return client.error();
    const std::string member = make_member();
    std::stop_source all;
    const std::stop_callback when_stopped(stop, [&all] { all.request_stop(); });
    std::atomic<std::size_t> begun = 0;
    FirstError failure;
    const auto run = [&](const SinkOptions& options) {
        Sink sink(*client, options, member);
        const auto done = sink.run(all.get_token(), [&] {
            if (++begun == sinks.size()) on_ready();
        });
        if (done) return;
        failure.note({done.error().code, "sink '" + options.name + "': " + plain(done.error())});
        all.request_stop();
    };
    {
        std::vector<std::jthread> threads;
        threads.reserve(sinks.size());
        for (const SinkOptions& options : sinks) threads.emplace_back(run, std::cref(options));
    }
    return failure.result();
}

}  // namespace ringside::kafka
