#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

namespace ringside::testing {

/// A forked process that executes a part of a test. Its EXPECT and ASSERT print as usual, and
/// `join` returns whether all of them held. The process is killed at the end of the test if it
/// still runs.
class Child {
public:
    explicit Child(const std::function<void()>& work) : pid_(fork()) {
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        try {
            work();
        } catch (const std::exception& failure) {
            ADD_FAILURE() << failure.what();
        }
        std::fflush(nullptr);
        _exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        join();
    }
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    Child& operator=(Child&&) = delete;

    void signal(int number) const { ::kill(pid_, number); }

    /// Returns whether `join` would return without waiting.
    [[nodiscard]] bool has_ended() const {
        siginfo_t info{};
        return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == pid_;
    }

    /// Waits until the process has stopped itself. Returns false if it has exited instead.
    [[nodiscard]] bool stops() const {
        siginfo_t info{};
        return waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT) == 0 &&
               info.si_code == CLD_STOPPED;
    }

    /// Waits until the process ends. Returns whether it exited normally and every check held.
    bool join() {
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

private:
    pid_t pid_;
};

}  // namespace ringside::testing
