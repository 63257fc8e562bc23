#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "shm/base/descriptor.hpp"
#include "shm/segment/segment.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {

/// Maximum time to wait for a condition. Only failing tests reach it: on a busy machine a process
/// might not run for seconds.
inline constexpr std::chrono::milliseconds soon{60'000};

/// A timer of the product that must not fire while a test runs.
inline constexpr std::chrono::milliseconds never{3'600'000};

/// Waits until `condition()` holds. Returns false if it does not hold within the deadline.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, std::chrono::milliseconds within = soon) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        usleep(1000);
    }
    return true;
}

/// Options of a broker that waits for slow providers and listeners. Keeps options that the test
/// sets itself.
inline std::vector<std::string> with_patience(std::vector<std::string> options) {
    for (const char* timer : {"--accept-timeout-ms", "--response-timeout-ms"}) {
        if (std::ranges::find(options, timer) != options.end()) continue;
        options.insert(options.end(), {timer, std::to_string(never.count())});
    }
    return options;
}

/// A real broker process with a unique grid. At the end of the test, the broker is stopped and the
/// grid's files are removed in any case.
class TestGrid {
public:
    explicit TestGrid(std::vector<std::string> options = {"--memory", "64MiB"},
                      std::string program = built::broker)
        : options_(std::move(options)), program_(std::move(program)) {
        // The record of a session is a commit: tests that count commits must not depend on its
        // time.
        const char* const delay = "--session-record-delay-ms";
        if (std::ranges::find(options_, delay) == options_.end()) {
            options_.insert(options_.end(), {delay, std::to_string(never.count())});
        }
        start();
    }
    ~TestGrid() {
        kill_broker();
        const auto paths = shm::GridPaths::of(name_).value();
        unlink(paths.segment_path.c_str());
        unlink(paths.lock_path.c_str());
        unlink(paths.socket_path.c_str());
    }
    TestGrid(const TestGrid&) = delete;
    TestGrid& operator=(const TestGrid&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] pid_t broker() const noexcept { return broker_; }

    /// Starts the broker and waits for its `ready`.
    void start() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        const Descriptor reading(ends[0]);
        Descriptor writing(ends[1]);
        broker_ = fork();
        if (broker_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);  // orderly shutdown even if the test is killed
            dup2(writing.get(), STDOUT_FILENO);
            const int null = open("/dev/null", O_WRONLY);
            if (getenv("RINGSIDE_TEST_LOG") == nullptr) dup2(null, STDERR_FILENO);
            std::vector<char*> arguments;
            std::string program = program_;
            std::string flag = "--grid";
            arguments.push_back(program.data());
            arguments.push_back(flag.data());
            arguments.push_back(name_.data());
            for (std::string& option : options_) arguments.push_back(option.data());
            arguments.push_back(nullptr);
            execv(program.c_str(), arguments.data());
            _exit(127);
        }
        writing = Descriptor();
        pollfd ready{reading.get(), POLLIN, 0};
        char line[256] = {};
        if (poll(&ready, 1, static_cast<int>(soon.count())) != 1 ||
            read(reading.get(), line, sizeof line - 1) <= 0 ||
            std::string(line).rfind("ready", 0) != 0) {
            throw std::runtime_error("the broker does not start");
        }
    }

    /// Shuts the broker down. Returns its exit status.
    int stop() { return end(SIGTERM); }
    /// Shuts the broker down and leaves the grid to the next one. Returns its exit status.
    int leave() { return end(SIGUSR1); }
    /// Waits for the broker to end by a signal. Returns the signal, -1 if the broker exited, or 0
    /// if it still runs at the deadline.
    int killed_by() {
        int status = 0;
        if (!eventually([&] { return waitpid(broker_, &status, WNOHANG) == broker_; })) return 0;
        broker_ = 0;
        return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
    }
    /// Waits until the broker exits without a signal from the test.
    int wait() { return end(0); }
    /// Sets the options for the next `start`.
    void set_options(std::vector<std::string> options) { options_ = std::move(options); }
    void kill_broker() {
        if (broker_ > 0) end(SIGKILL);
    }
    /// Kills the broker and removes its segment, like a crash of the host.
    void lose() {
        kill_broker();
        unlink(shm::GridPaths::of(name_)->segment_path.c_str());
    }

private:
    int end(int signal) {
        ::kill(broker_, signal);
        int status = 0;
        waitpid(broker_, &status, 0);
        broker_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    static std::string unique_name() {
        static std::atomic<int> count = 0;
        return "test-" + std::to_string(getpid()) + "-" + std::to_string(++count);
    }

    std::string name_ = unique_name();
    std::vector<std::string> options_;
    std::string program_;
    pid_t broker_ = 0;
};

}  // namespace ringside::testing
