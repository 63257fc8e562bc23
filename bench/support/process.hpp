#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "shm/segment/segment.hpp"

namespace ringside::bench {

/// Of this thread, or of the one with that id.
inline void pin_to(int core, pid_t thread = 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(thread, sizeof set, &set);
}

inline void unpin() {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int core = 0; core < 2; ++core) CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

/// A word that forked processes share.
class SharedFlag {
public:
    SharedFlag()
        : word_(new (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                    std::atomic<std::uint64_t>(0)) {}
    std::atomic<std::uint64_t>& operator*() const { return *word_; }

private:
    std::atomic<std::uint64_t>* word_;
};

/// A child process; killed at the end if it still runs.
class Child {
public:
    explicit Child(const std::function<void()>& work) : pid_(fork()) {
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        _exit(0);
    }
    ~Child() { end(SIGKILL); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    void end(int signal) {
        if (pid_ <= 0) return;
        kill(pid_, signal);
        waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    [[nodiscard]] pid_t pid() const { return pid_; }
    void pause() const { kill(pid_, SIGSTOP); }
    void go_on() const { kill(pid_, SIGCONT); }

private:
    pid_t pid_;
};

/// A broker with a grid of its own, on core 1.
class Broker {
public:
    explicit Broker(const std::string& memory)
        : name_("bench-" + std::to_string(getpid()) + "-" + std::to_string(++count_)), child_([&] {
              pin_to(1);
              const int null = open("/dev/null", O_WRONLY);
              dup2(null, STDOUT_FILENO);
              dup2(null, STDERR_FILENO);
              execl(RINGSIDE_BROKER_PATH, RINGSIDE_BROKER_PATH, "--grid", name_.c_str(), "--memory",
                    memory.c_str(), "--spin-us", "2000", nullptr);
          }) {
        for (int i = 0; i < 10'000 && !shm::Segment::open(name_); ++i) usleep(1000);
    }
    ~Broker() { child_.end(SIGTERM); }
    [[nodiscard]] const std::string& grid() const { return name_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

private:
    inline static int count_ = 0;
    std::string name_;
    Child child_;
};

}  // namespace ringside::bench
