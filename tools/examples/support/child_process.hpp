#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace ringside::examples {

/// This program in another role. Killed with the process that started it.
class ChildProcess {
public:
    /// Throws std::system_error.
    explicit ChildProcess(const std::vector<std::string>& arguments);
    /// Kills it if it still runs.
    ~ChildProcess();
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Asks it to end, with SIGTERM.
    void ask_to_end() const noexcept;

    /// Waits for its end. Returns its exit status, or -1 if it was killed.
    int wait();

private:
    pid_t pid_ = 0;
};

/// From now on SIGTERM and SIGINT are only recorded.
void catch_end();
[[nodiscard]] bool is_asked_to_end() noexcept;

}  // namespace ringside::examples
