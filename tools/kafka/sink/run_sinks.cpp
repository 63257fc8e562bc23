#include "tools/kafka/sink/run_sinks.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "tools/kafka/attach.hpp"
#include "tools/kafka/member.hpp"
#include "tools/kafka/sink/sink.hpp"

namespace ringside::kafka {

namespace {

Error of_sink(const SinkOptions& sink, const Error& error) {
    const std::string which = "sink '" + sink.name + "'";
    return {error.code, error.detail.empty() ? which : which + ": " + error.detail};
}

/// The first failure of several threads. Thread safety: every member.
class FirstError {
public:
    void note(const Error& error) {
        const std::scoped_lock lock(mutex_);
        if (!error_) error_ = error;
    }
    /// REQUIRES: all threads have ended.
    [[nodiscard]] Result<void> result() const {
        if (error_) return *error_;
        return {};
    }

private:
    std::mutex mutex_;
    std::optional<Error> error_;
};

}  // namespace

Result<void> check_sinks(const std::vector<SinkOptions>& sinks) {
    for (const SinkOptions& sink : sinks) {
        const auto right = Producer::check(sink.kafka, sink.topic);
        if (!right) return of_sink(sink, right.error());
    }
    return {};
}

Result<void> run_sinks(const std::string& grid, const std::vector<SinkOptions>& sinks,
                       const std::stop_token& stop, const std::function<void()>& on_ready) {
    if (sinks.empty()) return Error(Errc::bad_configuration, "no [[sink]]; add one");
    auto client = attach(grid, stop);
    if (!client) return stop.stop_requested() ? Result<void>() : client.error();
    const std::string member = make_member();
    // All are opened before the first one takes its position from a sink that might still be
    // working.
    std::deque<Sink> opened;
    for (const SinkOptions& options : sinks) {
        const auto is_open = opened.emplace_back(*client, options, member).open();
        if (!is_open) return of_sink(options, is_open.error());
    }
    std::stop_source all;
    const std::stop_callback when_stopped(stop, [&all] { all.request_stop(); });
    std::atomic<std::size_t> begun = 0;
    FirstError failure;
    const auto run = [&](Sink& sink, const SinkOptions& options) {
        const auto done = sink.run(all.get_token(), [&] {
            if (++begun == sinks.size()) on_ready();
        });
        if (done) return;
        failure.note(of_sink(options, done.error()));
        all.request_stop();
    };
    {
        std::vector<std::jthread> threads;
        threads.reserve(sinks.size());
        for (std::size_t i = 0; i < sinks.size(); ++i) {
            threads.emplace_back(run, std::ref(opened[i]), std::cref(sinks[i]));
        }
    }
    return failure.result();
}

}  // namespace ringside::kafka
