#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "shm/base/descriptor.hpp"

namespace ringside::testing {

/// A running program with its output. Killed at the end of the test if it still runs.
class Process {
public:
    explicit Process(std::vector<std::string> command) {
        int out[2];
        int err[2];
        if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
            throw std::runtime_error("pipe");
        }
        out_ = Descriptor(out[0]);
        err_ = Descriptor(err[0]);
        const Descriptor out_writing(out[1]);
        const Descriptor err_writing(err[1]);
        pid_ = fork();
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGTERM);  // orderly shutdown even if the test is killed
        dup2(out_writing.get(), STDOUT_FILENO);
        dup2(err_writing.get(), STDERR_FILENO);
        std::vector<char*> arguments;
        for (std::string& word : command) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    ~Process() {
        if (pid_ > 0) finish(SIGKILL);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Returns its first line without the line end; empty if it exited or printed nothing in time.
    std::string read_line(std::chrono::milliseconds within = std::chrono::seconds(60)) {
        std::string line;
        const auto deadline = std::chrono::steady_clock::now() + within;
        for (char c = 0; std::chrono::steady_clock::now() < deadline;) {
            pollfd ready{out_.get(), POLLIN, 0};
            if (poll(&ready, 1, 100) == 0) continue;
            if (read(out_.get(), &c, 1) != 1 || c == '\n') return line;
            line += c;
        }
        return {};
    }

    /// Waits until it prints a text to standard error. Consumes the output up to there.
    bool comes_to_say(const std::string& text,
                      std::chrono::milliseconds within = std::chrono::seconds(60)) {
        std::string said;
        const auto deadline = std::chrono::steady_clock::now() + within;
        for (char c = 0; std::chrono::steady_clock::now() < deadline;) {
            pollfd ready{err_.get(), POLLIN, 0};
            if (poll(&ready, 1, 100) == 0) continue;
            if (read(err_.get(), &c, 1) != 1) return false;
            said += c;
            if (said.ends_with(text)) return true;
        }
        return false;
    }

    /// Sends a signal (0: none) and waits for the exit. Returns the exit status, or -1 after a
    /// signal. Later calls return the same status.
    int finish(int signal) {
        if (pid_ <= 0) return status_;  // kill(0) would signal every process of this test
        if (signal != 0) ::kill(pid_, signal);
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = 0;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return status_;
    }

    /// Returns the remaining output on standard error. REQUIRES: the process has ended.
    std::string errors() {
        std::string text;
        char buffer[4096];
        for (ssize_t got = 0; (got = read(err_.get(), buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(got));
        }
        return text;
    }

private:
    Descriptor out_;
    Descriptor err_;
    pid_t pid_ = 0;
    int status_ = -1;
};

}  // namespace ringside::testing
