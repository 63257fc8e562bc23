#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringside::tools {

/// A command that the shell runs in a separate process group. An interrupt from the terminal
/// reaches only the CLI, which decides about the command. A signal reaches a whole pipeline.
/// Thread safety: one thread at a time. The command is asked to end when the thread that started it
/// ends.
class ShellCommand {
public:
    /// Variables that the command gets in addition to our environment.
    using Variables = std::vector<std::pair<std::string, std::string>>;

    /// Descriptors that become its standard streams.
    struct Streams {
        int input;
        int output;
        int errors;
    };

    /// Throws ringside::Exception (system_error).
    ShellCommand(const std::string& text, const Variables& variables, const Streams& streams);
    /// Kills it if it still runs.
    ~ShellCommand();
    ShellCommand(const ShellCommand&) = delete;
    ShellCommand& operator=(const ShellCommand&) = delete;

    /// Returns its exit status in the shell's form: the status, or 128 plus the number of the
    /// signal. None while it runs.
    [[nodiscard]] std::optional<int> status();

    /// Waits for its end. Returns none if it still runs at `deadline`.
    [[nodiscard]] std::optional<int> wait_until(std::chrono::steady_clock::time_point deadline);

    /// REQUIRES: no call has returned its status.
    void signal(int number) noexcept;

private:
    pid_t pid_ = 0;
    std::optional<int> status_;
};

}  // namespace ringside::tools
