#include "tools/ringside/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "shm/base/printable.hpp"
#include "shm/base/standard_streams.hpp"
#include "shm/document/json.hpp"

namespace ringside::tools {

void flush_output() {
    const auto flushed = flush_standard_output();
    if (flushed) return;
    if (errno == EPIPE) throw ReaderGone();
    throw Exception(flushed.error());
}

void finish_output() {
    flush_output();
    const int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (copy < 0 || close(copy) == 0) return;
    throw Exception(
        Error(Errc::output_failed, std::string("standard output: ") + std::strerror(errno)));
}

void write_output(std::string_view bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    if (std::ferror(stdout) != 0) flush_output();  // reports the error of this write
}

void print_line(std::string_view line, bool now) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    // The flush also reports the error of this write.
    if (now || std::ferror(stdout) != 0) flush_output();
}

void print_data(std::string_view line, bool now) {
    static const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    if (is_terminal) print_line(printable(line), now);
    else print_line(line, now);
}

std::string name_line(std::string_view name) {
    if (is_printable(name) && !name.starts_with('"')) return std::string(name);
    std::string quoted;
    append_json_string(name, quoted);
    return printable(quoted);
}

void print_text(std::string_view lines) {
    for (;;) {
        const std::size_t end = lines.find('\n');
        print_line(printable(lines.substr(0, end)));
        if (end == std::string_view::npos) return;
        lines.remove_prefix(end + 1);
    }
}

}  // namespace ringside::tools
