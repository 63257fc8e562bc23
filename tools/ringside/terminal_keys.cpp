#include "tools/ringside/terminal_keys.hpp"

#include <poll.h>
#include <unistd.h>

namespace ringside::tools {

TerminalKeys::TerminalKeys() {
    termios mode{};
    // A background job must not change the terminal of the foreground job.
    if (tcgetattr(STDIN_FILENO, &mode) != 0 || tcgetpgrp(STDIN_FILENO) != getpgrp()) return;
    former_ = mode;
    mode.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

TerminalKeys::~TerminalKeys() {
    if (former_) tcsetattr(STDIN_FILENO, TCSANOW, &*former_);
}

std::optional<char> TerminalKeys::wait(std::chrono::milliseconds time) const {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    const nfds_t inputs = former_ ? 1 : 0;
    if (poll(&input, inputs, static_cast<int>(time.count())) != 1) return std::nullopt;
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) == 1) return key;
    // The terminal has gone. Its hang-up may end the process; otherwise the wait must still take
    // time.
    poll(nullptr, 0, static_cast<int>(time.count()));
    return std::nullopt;
}

}  // namespace ringside::tools
