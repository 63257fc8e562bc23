#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "shm/base/descriptor.hpp"

namespace ringside::bench {

/// What a benchmark leaves about while it runs: whatever in shared memory and in the directory it
/// was started in carries the process's mark. However the process ends, a guard beside it removes
/// it.
class Scratch {
public:
    /// The one of this process and its children; made when it is first asked for.
    static const Scratch& here() {
        static const Scratch scratch;
        return scratch;
    }

    ~Scratch() {
        alive_ = Descriptor();
        waitpid(guard_, nullptr, 0);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    /// Begins the names of all that is to be removed.
    [[nodiscard]] const std::string& mark() const { return mark_; }
    /// A new directory in shared memory.
    [[nodiscard]] std::string directory(const std::string& name) const {
        const std::string path = "/dev/shm/" + mark_ + "scratch/" + name;
        std::filesystem::create_directories(path);
        return path;
    }

private:
    Scratch() : mark_("bench-" + std::to_string(getpid()) + "-") {
        int ends[2];
        if (pipe(ends) != 0) throw std::runtime_error("no pipe");
        const Descriptor its(ends[0]);
        alive_ = Descriptor(ends[1]);
        fcntl(its.get(), F_SETFD, FD_CLOEXEC);
        guard_ = fork();
        if (guard_ == 0) guard(its.get());
    }

    /// Waits until every process that holds the other end is gone. All children do, also those that
    /// became other programs: a broker that still runs could leave something after the guard has
    /// looked. They die with their parent; see `Child`.
    [[noreturn]] void guard(int end) {
        alive_ = Descriptor();
        setsid();  // out of reach of the terminal's signals
        char byte = 0;
        while (read(end, &byte, 1) < 0 && errno == EINTR) {
        }
        remove_marked("/dev/shm");
        remove_marked(".");
        _exit(0);
    }
    void remove_marked(const char* directory) const {
        std::error_code ignored;
        std::filesystem::directory_iterator entry(directory, ignored);
        for (; entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
            if (entry->path().filename().string().find(mark_) != std::string::npos)
                std::filesystem::remove_all(entry->path(), ignored);
        }
    }

    std::string mark_;
    Descriptor alive_;
    pid_t guard_ = -1;
};

}  // namespace ringside::bench
