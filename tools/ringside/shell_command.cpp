#include "tools/ringside/shell_command.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>

#include "shm/base/errc.hpp"

namespace ringside::tools {

namespace {

/// Returns our environment with the variables set, in the form of `execve`.
std::vector<std::string> environment_with(const ShellCommand::Variables& variables) {
    std::vector<std::string> entries;
    for (const auto& [name, value] : variables) {
        entries.push_back(name);
        entries.back().append("=").append(value);
    }
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('='));
        const bool is_set =
            std::any_of(variables.begin(), variables.end(),
                        [&](const auto& variable) { return variable.first == name; });
        if (!is_set) entries.emplace_back(text);
    }
    return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// Runs in the child of a process that may have threads, so it takes no lock and allocates nothing.
[[noreturn]] void become_shell(char* const* arguments, char* const* environment,
                               const ShellCommand::Streams& streams, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);  // the parent died before it could have ended this process
    for (const int number : {SIGPIPE, SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
    dup2(streams.input, STDIN_FILENO);
    dup2(streams.output, STDOUT_FILENO);
    dup2(streams.errors, STDERR_FILENO);
    execve(arguments[0], arguments, environment);
    _exit(127);
}

}  // namespace

ShellCommand::ShellCommand(const std::string& text, const Variables& variables,
                           const Streams& streams) {
    std::vector<std::string> words{"/bin/sh", "-c", text};
    std::vector<std::string> entries = environment_with(variables);
    const std::vector<char*> arguments = pointers_to(words);
    const std::vector<char*> environment = pointers_to(entries);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw Exception(Error(Errc::system_error, std::strerror(errno)));
    if (pid_ == 0) become_shell(arguments.data(), environment.data(), streams, parent);
    setpgid(pid_, pid_);  // called in both processes, so that each finds it done
}

ShellCommand::~ShellCommand() {
    if (status()) return;
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
}

std::optional<int> ShellCommand::status() {
    int how = 0;
    if (!status_ && waitpid(pid_, &how, WNOHANG) == pid_) {
        status_ = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    }
    return status_;
}

std::optional<int> ShellCommand::wait_until(std::chrono::steady_clock::time_point deadline) {
    while (!status() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return status_;
}

void ShellCommand::signal(int number) noexcept { kill(-pid_, number); }

}  // namespace ringside::tools
