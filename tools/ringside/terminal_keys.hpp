#pragma once

#include <termios.h>

#include <chrono>
#include <optional>

namespace ringside::tools {

/// Single keys of the terminal at standard input, without Enter and without echo, while this object
/// lives. Where standard input is no terminal, there are none. Signals of the terminal (Ctrl-C) work
/// as before. One in a process.
class TerminalKeys {
public:
    TerminalKeys();
    ~TerminalKeys();
    TerminalKeys(const TerminalKeys&) = delete;
    TerminalKeys& operator=(const TerminalKeys&) = delete;

    /// The next key; none: no key came within the time, or a signal did.
    [[nodiscard]] std::optional<char> wait(std::chrono::milliseconds time) const;

private:
    std::optional<termios> former_;
};

}  // namespace ringside::tools
