#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/support/scratch.hpp"
#include "shm/segment/segment.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::bench {

/// Pins this thread, or the thread with that id.
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

/// A word shared by forked processes.
class SharedFlag {
public:
    SharedFlag()
        : word_(new (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                    std::atomic<std::uint64_t>(0)) {}
    std::atomic<std::uint64_t>& operator*() const { return *word_; }

    /// Waits up to a minute until the word has this value or a larger one. Throws `failure` then.
    void await(std::uint64_t value, const char* failure) const {
        for (int i = 0; word_->load() < value; ++i) {
            if (i == 600'000) throw std::runtime_error(failure);
            usleep(100);
        }
    }

private:
    std::atomic<std::uint64_t>* word_;
};

/// A child process; killed at the end if it still runs, and together with its parent.
class Child {
public:
    explicit Child(const std::function<void()>& work) {
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // A parent that died before the prctl call sends no signal: the child would live forever.
        if (getppid() != parent) _exit(1);
        try {
            work();
        } catch (const std::exception& error) {
            // Resources owned by the parent must not be cleaned up here.
            fprintf(stderr, "a child of the benchmark: %s\n", error.what());
            _exit(1);
        }
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
    /// Returns whether it has ended without a call of `end`.
    [[nodiscard]] bool has_ended() const {
        siginfo_t what{};
        return waitid(P_PID, static_cast<id_t>(pid_), &what, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               what.si_pid == pid_;
    }
    void pause() const { kill(pid_, SIGSTOP); }
    void go_on() const { kill(pid_, SIGCONT); }

private:
    pid_t pid_ = 0;
};

/// Replaces a child by another program with suppressed output. The first word is its argv[0].
[[noreturn]] inline void become(const char* path, std::vector<std::string> words) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    execv(path, pointers.data());
    _exit(127);
}

/// A broker with a unique grid, on core 1 unless it uses both cores.
class Broker {
public:
    enum class Cores { one, both };

    explicit Broker(const std::string& memory, std::vector<std::string> more = {},
                    Cores cores = Cores::one)
        : name_(Scratch::here().mark() + std::to_string(++count_)),
          options_({built::broker, "--grid", name_, "--memory", memory}),
          cores_(cores) {
        if (std::find(more.begin(), more.end(), "--spin-us") == more.end())
            more.insert(more.end(), {"--spin-us", "2000"});
        options_.insert(options_.end(), more.begin(), more.end());
        start();
        wait_until_ready();
    }
    ~Broker() {
        if (child_) child_->end(SIGTERM);
        // Files remain if the last broker of the grid was killed.
        const auto paths = shm::GridPaths::of(name_).value();
        for (const std::string& path : {paths.segment_path, paths.lock_path, paths.socket_path}) {
            unlink(path.c_str());
        }
    }

    /// Starts the broker without waiting; see `wait_until_ready`.
    void start() {
        child_.emplace([this] {
            if (cores_ == Cores::one) pin_to(1);
            else unpin();
            become(built::broker, options_);
        });
    }
    void wait_until_ready() const {
        for (int i = 0; !shm::Segment::open(name_); ++i) {
            if (child_->has_ended()) throw std::runtime_error("the broker of " + name_ + " died");
            if (i == 1'000'000) throw std::runtime_error("no broker of " + name_ + " in 100 s");
            usleep(100);
        }
    }
    void end(int signal) { child_->end(signal); }
    [[nodiscard]] const std::string& grid() const { return name_; }
    [[nodiscard]] pid_t pid() const { return child_->pid(); }

private:
    inline static int count_ = 0;
    std::string name_;
    std::vector<std::string> options_;
    Cores cores_;
    std::optional<Child> child_;
};

}  // namespace ringside::bench
