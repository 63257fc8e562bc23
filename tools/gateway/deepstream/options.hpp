#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ringside::gateway::deepstream {

/// How deepstream's clients are served: the table [deepstream] of the gateway's configuration.
struct Options {
    bool is_enabled = false;  ///< the table is there
    std::string path = "/deepstream";
    /// What an acknowledgement of a write says: that all readers see it, or that it is on disk too.
    bool is_durable = false;
    std::size_t login_attempts_max = 3;
    std::chrono::milliseconds login_time{180'000};
    /// A client that says nothing for twice as long is gone.
    std::chrono::milliseconds heartbeat{30'000};
    std::size_t message_bytes_max = 1U << 20;
    std::chrono::milliseconds rpc_accept_time{1000};
    std::chrono::milliseconds rpc_answer_time{10'000};
    std::chrono::milliseconds listen_answer_time{500};
    bool tells_requestor_name = false;  ///< to providers
    bool tells_requestor_data = false;
};

}  // namespace ringside::gateway::deepstream
