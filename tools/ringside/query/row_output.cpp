#include "tools/ringside/query/row_output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/ringside/output.hpp"

namespace ringside::tools {

namespace {

constexpr std::size_t buffered_bytes_max = 64U << 10;

}  // namespace

void StandardRowOutput::line(std::string_view text) { print_line(text); }

void StandardRowOutput::data(std::string_view text) { print_data(text); }

std::size_t StandardRowOutput::terminal_width() const {
    winsize size{};
    if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

void StandardRowOutput::flush() { flush_output(); }

void FileRowOutput::line(std::string_view text) {
    (buffer_ += text) += '\n';
    if (buffer_.size() >= buffered_bytes_max) flush();
}

void FileRowOutput::flush() {
    const std::string text = std::exchange(buffer_, {});
    file_.write(text).value();
}

void FileRowOutput::finish() {
    flush();
    file_.finish().value();
}

}  // namespace ringside::tools
