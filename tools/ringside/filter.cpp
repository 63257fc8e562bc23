#include "tools/ringside/filter.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t errors_kept_bytes = 4096;
constexpr auto time_to_exit = std::chrono::seconds(1);

struct Pipe {
    Descriptor reading;
    Descriptor writing;

    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw Exception(Error(Errc::system_error, std::strerror(errno)));
        reading = Descriptor(ends[0]);
        writing = Descriptor(ends[1]);
    }
};

/// Our ends of a filter's three pipes.
class Conversation {
public:
    Conversation(std::string_view input, Descriptor to, Descriptor from, Descriptor errors)
        : rest_(input), to_(std::move(to)), from_(std::move(from)), errors_(std::move(errors)) {
        // Otherwise full pipes on both sides could block both processes.
        fcntl(to_.get(), F_SETFL, O_NONBLOCK);
    }

    /// Runs until the command has closed its side, or the deadline.
    void hold(Clock::time_point deadline, FilterOutcome& outcome) {
        while (from_.is_open() || errors_.is_open()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return;
            std::array<pollfd, 3> ends{pollfd{to_.get(), POLLOUT, 0},
                                       pollfd{from_.get(), POLLIN, 0},
                                       pollfd{errors_.get(), POLLIN, 0}};
            poll(ends.data(), ends.size(), static_cast<int>(std::min<long>(left.count(), 1000)));
            if (ends[0].revents != 0) write_some();
            if (ends[1].revents != 0) take_output(outcome.output);
            if (ends[2].revents != 0) take_errors(outcome.errors);
        }
    }

private:
    void write_some() {
        const ssize_t written = write(to_.get(), rest_.data(), rest_.size());
        if (written > 0) rest_.remove_prefix(static_cast<std::size_t>(written));
        const bool is_refused = written < 0 && errno != EAGAIN && errno != EINTR;
        if (rest_.empty() || is_refused) to_ = Descriptor();
    }

    void take_output(std::string& output) {
        // A longer output cannot be an answer: the command finds its pipe closed.
        if (!read_some(from_, output) || output.size() > limits::document_bytes_max)
            from_ = Descriptor();
    }

    void take_errors(std::string& errors) {
        const std::size_t before = errors.size();
        if (!read_some(errors_, errors)) {
            errors_ = Descriptor();
            return;
        }
        [[maybe_unused]] const ssize_t passed_on =
            write(STDERR_FILENO, errors.data() + before, errors.size() - before);
        if (errors.size() > errors_kept_bytes) errors.erase(0, errors.size() - errors_kept_bytes);
    }

    /// Returns false at the end of the input.
    static bool read_some(const Descriptor& from, std::string& text) {
        std::array<char, 16'384> part;
        const ssize_t got = read(from.get(), part.data(), part.size());
        if (got > 0) text.append(part.data(), static_cast<std::size_t>(got));
        return got > 0 || (got < 0 && errno == EINTR);
    }

    std::string_view rest_;
    Descriptor to_;
    Descriptor from_;
    Descriptor errors_;
};

}  // namespace

FilterOutcome run_filter(const std::string& command, const ShellCommand::Variables& variables,
                         const std::string& input, Clock::time_point deadline) {
    Pipe in;
    Pipe out;
    Pipe errors;
    ShellCommand running(command, variables,
                         {in.reading.get(), out.writing.get(), errors.writing.get()});
    in.reading = Descriptor();
    out.writing = Descriptor();
    errors.writing = Descriptor();
    FilterOutcome outcome;
    Conversation(input, std::move(in.writing), std::move(out.reading), std::move(errors.reading))
        .hold(deadline, outcome);
    std::optional<int> status = running.wait_until(deadline);
    if (!status) {
        running.signal(SIGTERM);
        status = running.wait_until(Clock::now() + time_to_exit);
    }
    outcome.status = status.value_or(128 + SIGKILL);
    return outcome;
}

}  // namespace ringside::tools
