#include "broker/daemon/process.hpp"

#include <sys/stat.h>

#include <csignal>

namespace ringside::daemon {

void prepare_process() noexcept {
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    umask(S_IWGRP | S_IRWXO);
}

}  // namespace ringside::daemon
