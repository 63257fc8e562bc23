#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "shm/base/descriptor.hpp"

namespace ringside::bench {

/// A directory in shared memory for what a benchmark leaves about. At the end, however the process
/// ends, a guard beside it removes all of /dev/shm that carries the process's mark, also the grids
/// of its brokers.
class Scratch {
public:
    Scratch() : mark_("bench-" + std::to_string(getpid()) + "-") {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        Descriptor mine(ends[1]);
        const Descriptor its(ends[0]);
        guard_ = fork();
        if (guard_ == 0) guard(its.get(), mine);
        alive_ = std::move(mine);
        std::filesystem::create_directories(*this / "");
    }
    ~Scratch() {
        alive_ = Descriptor();
        waitpid(guard_, nullptr, 0);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    /// Begins the names of all that is to be removed.
    [[nodiscard]] const std::string& mark() const { return mark_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return "/dev/shm/" + mark_ + "scratch/" + name;
    }

private:
    /// Waits until every process that holds the other end is gone; children die with their parent.
    [[noreturn]] void guard(int end, Descriptor& other) const {
        other = Descriptor();
        setsid();  // out of reach of the terminal's signals
        char byte = 0;
        while (read(end, &byte, 1) < 0 && errno == EINTR) {
        }
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
            if (entry.path().filename().string().find(mark_) != std::string::npos)
                std::filesystem::remove_all(entry.path(), ignored);
        }
        _exit(0);
    }

    std::string mark_;
    Descriptor alive_;
    pid_t guard_ = -1;
};

}  // namespace ringside::bench
