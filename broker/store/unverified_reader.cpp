#include "broker/store/unverified_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "shm/base/limits.hpp"

namespace ringside::broker {

namespace {

constexpr int patience_ms = 10'000;
constexpr std::uint32_t end_mark = ~0U;

/// Header of an entry in the pipe: the sizes of key and value.
using Sizes = std::array<std::uint32_t, 2>;

void send(int pipe, const void* from, std::size_t bytes) {
    const auto* at = static_cast<const char*>(from);
    while (bytes > 0) {
        const ssize_t written = write(pipe, at, bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) _exit(1);  // the reader has closed the pipe
        at += written;
        bytes -= static_cast<std::size_t>(written);
    }
}

[[noreturn]] void read_and_send(int pipe,
                                const std::function<bool(const UnverifiedReader::Give&)>& read) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A crash of this process is expected: suppress its messages and its core file.
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (const int fatal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE}) signal(fatal, SIG_DFL);
    if (const int null = open("/dev/null", O_WRONLY | O_CLOEXEC); null >= 0) {
        dup2(null, STDERR_FILENO);
    }
    const bool is_at_end = read([pipe](std::string_view key, std::string_view value) {
        const Sizes sizes{static_cast<std::uint32_t>(key.size()),
                          static_cast<std::uint32_t>(value.size())};
        send(pipe, sizes.data(), sizeof sizes);
        send(pipe, key.data(), key.size());
        send(pipe, value.data(), value.size());
    });
    const Sizes end{end_mark, end_mark};
    if (is_at_end) send(pipe, end.data(), sizeof end);
    _exit(0);
}

}  // namespace

UnverifiedReader::UnverifiedReader(const std::function<bool(const Give&)>& read) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    pipe_ = Descriptor(ends[0]);
    const Descriptor writing(ends[1]);
    process_ = fork();
    if (process_ == 0) read_and_send(writing.get(), read);
}

UnverifiedReader::~UnverifiedReader() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool UnverifiedReader::receive(void* into, std::size_t bytes) const {
    auto* at = static_cast<char*>(into);
    while (bytes > 0) {
        pollfd ready{pipe_.get(), POLLIN, 0};
        const int answer = poll(&ready, 1, patience_ms);
        if (answer < 0 && errno == EINTR) continue;
        if (answer <= 0) return false;
        const ssize_t got = read(pipe_.get(), at, bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

std::optional<UnverifiedReader::Entry> UnverifiedReader::next() {
    constexpr std::uint32_t value_bytes_max = limits::stored_document_bytes_max + 4096;
    Sizes sizes{};
    if (process_ <= 0 || !receive(sizes.data(), sizeof sizes)) return std::nullopt;
    is_at_end_ = sizes[0] == end_mark && sizes[1] == end_mark;
    // Impossible sizes come from damaged bytes: no data after them can be used.
    if (is_at_end_ || sizes[0] > value_bytes_max || sizes[1] > value_bytes_max) return std::nullopt;
    key_.resize(sizes[0]);
    value_.resize(sizes[1]);
    if (!receive(key_.data(), key_.size()) || !receive(value_.data(), value_.size())) {
        return std::nullopt;
    }
    return Entry{key_, value_};
}

}  // namespace ringside::broker
