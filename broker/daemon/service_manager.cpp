#include "broker/daemon/service_manager.hpp"

#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace ringside::daemon {

void notify_ready(const std::string& status) {
    sd_notifyf(0, "READY=1\nMAINPID=%d\nSTATUS=%s", static_cast<int>(getpid()), status.c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

}  // namespace ringside::daemon
