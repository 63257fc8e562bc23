#pragma once

#include <string>

/// What a program tells the service manager that has started it (sd_notify(3)). Without one,
/// nothing happens. Thread safety: all functions.
namespace ringside::daemon {

/// The program serves; `status` is a sentence for `systemctl status`.
void notify_ready(const std::string& status);

/// The program ends in order.
void notify_stopping();

}  // namespace ringside::daemon
