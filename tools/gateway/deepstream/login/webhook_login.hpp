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

/// How a webhook is asked.
struct WebhookOptions {
    std::shared_ptr<const WebServer> server;
    std::vector<unsigned> permitted_status_codes = {200};
    std::chrono::milliseconds request_time{2000};  ///< for each try
    std::vector<unsigned> retry_status_codes;
    std::int64_t retry_attempts = 0;  ///< after the first
    std::chrono::milliseconds retry_interval{5000};
    std::vector<std::string> promoted_headers;  ///< members of the auth data that are sent as such
    bool is_last_word = true;  ///< who is not permitted is refused, and no other method is asked
};

/// Reads the table of a method "http". Errors: bad_configuration.
[[nodiscard]] Result<WebhookOptions> read_webhook_options(const toml::table& table,
                                                          const tools::TomlFile& file,
                                                          bool is_only_method);

/// Lets in whom a service elsewhere permits.
///
/// A service that is down, answers with 500 to 599 or with what cannot be understood has not
/// decided: the login is refused, also where there are other methods, since it might have been
/// refused by this one.
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
    /// Shared with what may outlive this.
    std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
};

}  // namespace ringside::gateway::deepstream
