#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "tools/gateway/deepstream/login/logins.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway::deepstream {

/// How deepstream's clients are served: the table [deepstream] of the gateway's configuration.
struct Options {
    /// Who may log in; null: the table is not there, and deepstream's clients are not served.
    std::shared_ptr<const Logins> logins;
    std::string path = "/deepstream";
    // Of the HTTP API.
    std::string http_path = "/api";
    std::string http_auth_path = "/api/auth";  ///< if nothing is said, http_path + "/auth"
    std::string health_path = "/health-check";
    std::chrono::milliseconds http_request_time{20'000};
    /// What an acknowledgement of a write says: that all readers see it, or that it is on disk too.
    bool is_durable = false;
    std::int64_t login_attempts_max = 3;
    std::chrono::milliseconds login_time{180'000};
    /// A client that says nothing for twice as long is gone.
    std::chrono::milliseconds heartbeat{30'000};
    std::int64_t message_bytes_max = 1 << 20;
    /// Of one connection: records, events and users together. Further ones are refused.
    std::int64_t subscriptions_max = 16'384;
    std::chrono::milliseconds rpc_accept_time{1000};
    std::chrono::milliseconds rpc_answer_time{10'000};
    /// Less than the time that the broker gives a listener.
    std::chrono::milliseconds listen_answer_time{500};
    bool tells_requestor_name = false;  ///< to providers
    bool tells_requestor_data = false;

    [[nodiscard]] bool is_enabled() const noexcept { return logins != nullptr; }
    /// Whether clients find everything where the other options have it.
    [[nodiscard]] bool is_where(const Options& other) const noexcept;

    /// Errors: bad_configuration; the detail says file and line.
    static Result<Options> from(const toml::table& root, const tools::TomlFile& file,
                                std::shared_ptr<const Authenticator> authenticator);
};

}  // namespace ringside::gateway::deepstream
