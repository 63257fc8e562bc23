#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "shm/base/descriptor.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// A program on a separate terminal, 24 lines high. Killed on destruction if it still runs.
class Terminal {
public:
    explicit Terminal(std::vector<std::string> words, unsigned short columns = 80) {
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        winsize size{24, columns, 0, 0};
        int terminal = -1;
        pid_ = forkpty(&terminal, nullptr, nullptr, &size);
        if (pid_ == 0) {
            setenv("TERM", "xterm", 1);
            execv(arguments[0], arguments.data());
            _exit(127);
        }
        terminal_ = Descriptor(terminal);
    }
    ~Terminal() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void type(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t written = write(terminal_.get(), text.data(), text.size());
            if (written <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    /// Waits until the program reads single keys: what is typed before is echoed by the terminal,
    /// and again by an editor of lines, which shows its prompt first.
    [[nodiscard]] bool reads_keys() const {
        return eventually([&] {
            termios mode{};
            return tcgetattr(terminal_.get(), &mode) == 0 && (mode.c_lflag & ICANON) == 0;
        });
    }

    /// Waits until the terminal shows a text, and returns what it showed up to the end of it.
    /// Later calls start after the text. Returns the whole remaining output if the text does not
    /// appear.
    std::string read_until(std::string_view text) {
        std::size_t at = std::string::npos;
        (void)eventually([&] {
            read_some();
            at = shown_.find(text);
            return at != std::string::npos;
        });
        const std::size_t end = at == std::string::npos ? shown_.size() : at + text.size();
        std::string before = shown_.substr(0, end);
        shown_.erase(0, end);
        return before;
    }

    /// Waits for the end of the program; its exit status, or -1.
    int wait() {
        int status = 0;
        const bool has_ended = eventually([&] {
            read_some();
            return waitpid(pid_, &status, WNOHANG) == pid_;
        });
        if (!has_ended) return -1;
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    void read_some() {
        pollfd printed{terminal_.get(), POLLIN, 0};
        if (poll(&printed, 1, 10) != 1) return;
        char part[4096];
        const ssize_t count = read(terminal_.get(), part, sizeof part);
        if (count > 0) shown_.append(part, static_cast<std::size_t>(count));
    }

    pid_t pid_ = 0;
    Descriptor terminal_;
    std::string shown_;
};

}  // namespace ringside::testing
