#pragma once

#include <string>

/// Notifications of a program to the service manager that has started it (sd_notify(3)). Does
/// nothing without a service manager. Thread safety: all functions.
namespace ringside::daemon {

/// The program serves; `status` is a sentence for `systemctl status`.
void notify_ready(const std::string& status);

/// The program ends in order.
void notify_stopping();

}  // namespace ringside::daemon
