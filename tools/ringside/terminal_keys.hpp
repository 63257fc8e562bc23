#pragma once

#include <termios.h>

#include <chrono>
#include <optional>

namespace ringside::tools {

/// Reads single keys from the terminal at standard input, without Enter and without echo, for the
/// lifetime of this object. Returns none if standard input is not a terminal. Signals of the
/// terminal (Ctrl-C) work as before. One per process.
class TerminalKeys {
public:
    TerminalKeys();
    ~TerminalKeys();
    TerminalKeys(const TerminalKeys&) = delete;
    TerminalKeys& operator=(const TerminalKeys&) = delete;

    /// Returns the next key, or none after the time or a signal.
    [[nodiscard]] std::optional<char> wait(std::chrono::milliseconds time) const;

private:
    std::optional<termios> former_;
};

}  // namespace ringside::tools
