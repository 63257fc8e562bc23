#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "tools/gateway/deepstream/login/logins.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway::deepstream {

/// The table [deepstream] of the gateway's configuration.
struct Options {
    /// Who may log in. Null if the table is missing and deepstream's clients are not served.
    std::shared_ptr<const Logins> logins;
    std::string path = "/deepstream";
    // Path of the HTTP API.
    std::string http_path = "/api";
    std::string http_auth_path = "/api/auth";  ///< http_path + "/auth" by default
    std::string health_path = "/health-check";
    std::chrono::milliseconds http_request_time{20'000};
    /// Whether an acknowledged write is on disk, and not only visible to all readers.
    bool is_durable = false;
    std::int64_t login_attempts_max = 3;
    std::chrono::milliseconds login_time{180'000};
    /// The gateway closes a connection that was silent for twice this time.
    std::chrono::milliseconds heartbeat{30'000};
    std::int64_t message_bytes_max = 1 << 20;
    /// Per connection: records, events and users together. Further ones are refused.
    std::int64_t subscriptions_max = 16'384;
    std::chrono::milliseconds rpc_accept_time{1000};
    std::chrono::milliseconds rpc_answer_time{10'000};
    /// Less than the time that the broker allows a listener.
    std::chrono::milliseconds listen_answer_time{500};
    bool tells_requestor_name = false;  ///< providers learn the name of the requestor
    bool tells_requestor_data = false;

    [[nodiscard]] bool is_enabled() const noexcept { return logins != nullptr; }
    /// Returns whether clients find the gateway at the same paths as with the other options.
    [[nodiscard]] bool is_where(const Options& other) const noexcept;

    /// Errors: bad_configuration; the detail names file and line.
    static Result<Options> from(const toml::table& root, const tools::TomlFile& file,
                                std::shared_ptr<const Authenticator> authenticator);
};

}  // namespace ringside::gateway::deepstream
