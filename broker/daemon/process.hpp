#pragma once

namespace ringside::daemon {

/// Settings that every long-running program makes first:
///
///   SIGPIPE, SIGXFSZ  ignored: a peer that has gone, and a file that must not grow, are errors of
///                     the write, not the end of the program
///   SIGHUP            ignored until the program takes it as the request to reload: no terminal
///                     that closes, and no early `systemctl reload`, ends it
///   umask             files that it makes are 0640, directories 0750: as closed as the segment
void prepare_process() noexcept;

}  // namespace ringside::daemon
