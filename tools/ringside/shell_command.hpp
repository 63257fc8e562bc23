#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringside::tools {

/// A command that the shell runs, in a process group of its own: an interrupt from the terminal
/// comes to the CLI alone, which decides what becomes of the command, and a signal comes to the
/// whole of a pipeline.
/// Thread safety: one thread at a time; it is told to end when the thread that started it does.
class ShellCommand {
public:
    /// What the command finds in its environment beside what is in ours.
    using Variables = std::vector<std::pair<std::string, std::string>>;

    /// Descriptors that become its standard ones.
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

    /// How it has ended, in the shell's words: its exit status, or 128 and the number of the
    /// signal. None: it still runs.
    [[nodiscard]] std::optional<int> status();

    /// Waits for its end; none: it still runs at `deadline`.
    [[nodiscard]] std::optional<int> wait_until(std::chrono::steady_clock::time_point deadline);

    /// REQUIRES: its end has not been seen.
    void signal(int number) noexcept;

private:
    pid_t pid_ = 0;
    std::optional<int> status_;
};

}  // namespace ringside::tools
