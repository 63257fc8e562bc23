#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "shm/base/descriptor.hpp"

namespace ringside::bench {

/// Temporary files of a benchmark. All of its names in shared memory and in the working directory
/// start with the mark of the process. A guard process removes them, however the process ends.
class Scratch {
public:
    /// Returns the instance of this process and its children; created on first use.
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

    /// Prefix of the names of all files to be removed.
    [[nodiscard]] const std::string& mark() const { return mark_; }
    /// Creates a directory in shared memory.
    [[nodiscard]] std::string directory(const std::string& name) const {
        const std::string path = "/dev/shm/" + mark_ + "scratch/" + name;
        std::filesystem::create_directories(path);
        return path;
    }

private:
    Scratch() : mark_("bench-" + std::to_string(getpid()) + "-") {
        int ends[2];
        if (pipe(ends) != 0) throw std::runtime_error("cannot create a pipe");
        const Descriptor its(ends[0]);
        alive_ = Descriptor(ends[1]);
        fcntl(its.get(), F_SETFD, FD_CLOEXEC);
        guard_ = fork();
        if (guard_ == 0) guard(its.get());
    }

    /// Waits until every process with the other end of the pipe has exited. All children hold it,
    /// even those that became other programs: a running broker could create a file after the guard
    /// has finished. They die with their parent; see `Child`.
    [[noreturn]] void guard(int end) {
        alive_ = Descriptor();
        setsid();  // detached from the terminal's signals
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
