#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/gateway/deepstream/login/web_post.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway::deepstream {

/// Options of a webhook.
struct WebhookOptions {
    std::shared_ptr<const WebServer> server;
    std::vector<unsigned> permitted_status_codes = {200};
    std::chrono::milliseconds request_time{2000};  ///< per attempt
    std::vector<unsigned> retry_status_codes;
    std::int64_t retry_attempts = 0;  ///< after the first attempt
    std::chrono::milliseconds retry_interval{5000};
    std::vector<std::string> promoted_headers;  ///< members of the auth data that become headers
    /// Interval at which the service is asked about open sessions. Zero: only after a reload.
    std::chrono::milliseconds recheck_interval{0};
    bool is_last_word = true;  ///< a refusal is final: no other method is asked
};

/// Reads the table of an "http" method. Errors: bad_configuration.
[[nodiscard]] Result<WebhookOptions> read_webhook_options(const toml::table& table,
                                                          const tools::TomlFile& file,
                                                          bool is_only_method);

/// Accepts the users that an external service permits.
///
/// A service that is down, or responds with status 500 to 599 or an invalid body, gives no
/// decision. The login is then refused, even if other methods follow, because the service might
/// have refused it.
class WebhookLogin final : public LoginMethod {
public:
    explicit WebhookLogin(WebhookOptions options) : options_(std::move(options)) {}

    Task<std::optional<Login>> decide(const LoginAttempt& attempt) const override;
    [[nodiscard]] bool still_knows(const Login& login) const override;

private:
    [[nodiscard]] Result<WebPost> post_of(const LoginAttempt& attempt) const;
    [[nodiscard]] std::optional<Login> judge(const LoginAttempt& attempt,
                                             const WebAnswer& answer) const;

    WebhookOptions options_;
    /// Shared with exchanges that may outlive this object.
    std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
};

}  // namespace ringside::gateway::deepstream
