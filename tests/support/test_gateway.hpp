#pragma once

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {

/// A real gateway process on a port chosen by the system. It is stopped at the end of the test in
/// any case. Its time limits are never reached, except those that a test sets itself.
class TestGateway {
public:
    /// `options`: in addition to the grid, the address, the log file and the time limits.
    explicit TestGateway(std::string grid, std::vector<std::string> options = {})
        : grid_(std::move(grid)), options_(std::move(options)) {
        start();
    }

    /// Starts the gateway on another port, and waits for its `ready`.
    void start() {
        std::vector<std::string> command{built::gateway, "--grid",     grid_,     "--listen",
                                         "127.0.0.1:0",  "--log-file", log_path()};
        command.insert(command.end(), options_.begin(), options_.end());
        for (const char* limit : {"--header-timeout-ms", "--body-timeout-ms", "--idle-timeout-ms",
                                  "--write-timeout-ms", "--broker-timeout-ms"}) {
            if (std::ranges::find(options_, limit) != options_.end()) continue;
            command.insert(command.end(), {limit, std::to_string(never.count())});
        }
        process_ = std::make_unique<Process>(std::move(command));
        const std::string line = process_->read_line();
        const std::size_t colon = line.rfind(':');
        port_ = 0;
        if (line.starts_with("ready ") && colon != std::string::npos) {
            std::from_chars(line.data() + colon + 1, line.data() + line.size(), port_);
        }
        if (port_ == 0) {
            process_->finish(SIGKILL);
            throw std::runtime_error("the gateway does not start: " + process_->errors());
        }
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
    [[nodiscard]] std::string url(const std::string& target, bool has_tls = false) const {
        return (has_tls ? "https://localhost:" : "http://localhost:") + std::to_string(port_) +
               target;
    }

    void signal(int number) const { ::kill(process_->pid(), number); }
    /// Shuts the gateway down. Returns its exit status.
    int stop() { return process_->finish(SIGTERM); }
    /// Waits until the gateway exits. Returns its exit status, or -1 after a signal.
    int wait() { return process_->finish(0); }
    void kill() { process_->finish(SIGKILL); }

    /// Sets the options for the next `start`.
    void set_options(std::vector<std::string> options) { options_ = std::move(options); }

    /// Returns the contents of the log.
    [[nodiscard]] std::string log() const {
        std::ifstream file(log_path());
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Waits until the log contains a text.
    [[nodiscard]] bool logs(const std::string& text) const {
        return eventually([&] { return log().find(text) != std::string::npos; });
    }

private:
    [[nodiscard]] std::string log_path() const { return directory_ / "gateway.log"; }

    const std::string grid_;
    std::vector<std::string> options_;
    TemporaryDirectory directory_;
    std::unique_ptr<Process> process_;
    std::uint16_t port_ = 0;
};

}  // namespace ringside::testing
