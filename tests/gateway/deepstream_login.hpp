#pragma once

#include <toml++/toml.h>
#include <boost/asio/co_spawn.hpp>
#include <stdexcept>
#include <utility>

#include "tests/gateway/access_test.hpp"
#include "tools/gateway/deepstream/login/logins.hpp"

namespace ringside::testing {

/// Logins under a configuration that each test supplies, in a separate loop.
class DeepstreamLoginTest : public AccessTest {
protected:
    using Login = gateway::deepstream::Login;
    using LoginRequest = gateway::deepstream::LoginRequest;
    using Logins = gateway::deepstream::Logins;

    [[nodiscard]] Result<std::shared_ptr<const Logins>> read(const std::string& text) const {
        const std::string file = path("gateway.toml");
        const toml::table root = toml::parse(text, file);
        auto loaded = load(text);
        if (!loaded) return loaded.error();
        const auto access = std::make_shared<const gateway::Access>(*std::move(loaded));
        const toml::table none;
        const toml::table* deepstream = root["deepstream"].as_table();
        return Logins::from(deepstream == nullptr ? none : *deepstream, tools::TomlFile(file),
                            {access, &access->authenticator});
    }

    void configure(const std::string& text) {
        auto made = read(text);
        ASSERT_TRUE(made) << made.error().text();
        logins_ = *std::move(made);
    }

    /// Expects the configuration to be refused with that place (after the directory) and reason.
    void expect_bad(const std::string& text, const std::string& where, const std::string& why) {
        const auto made = read(text);
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.error().code, Errc::bad_configuration) << text;
        EXPECT_TRUE(made.error().detail.starts_with(path(where))) << made.error().detail;
        EXPECT_NE(made.error().detail.find(why), std::string::npos) << made.error().detail;
    }

    /// Begins a login. The outcome appears in the result while the loop runs.
    std::shared_ptr<std::optional<Login>> begin(LoginRequest request) {
        auto outcome = std::make_shared<std::optional<Login>>();
        boost::asio::co_spawn(loop_, logins_->login(std::move(request)),
                              [outcome](const std::exception_ptr& thrown, Login login) {
                                  if (thrown) std::rethrow_exception(thrown);
                                  *outcome = std::move(login);
                              });
        return outcome;
    }

    template <class Condition>
    void run_until(Condition holds) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(120);
        while (!holds()) {
            if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("it hangs");
            if (loop_.stopped()) loop_.restart();  // it had no work
            loop_.run_one_for(std::chrono::seconds(1));
        }
    }

    Login log_in(LoginRequest request) {
        const auto outcome = begin(std::move(request));
        run_until([&] { return outcome->has_value(); });
        return **outcome;
    }
    Login log_in(const std::string& auth_data) {
        return log_in(LoginRequest{.auth_data = auth_data});
    }

    boost::asio::io_context loop_{1};
    std::shared_ptr<const Logins> logins_;
};

}  // namespace ringside::testing
