#include <spdlog/spdlog.h>

#include <boost/beast/websocket/rfc6455.hpp>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/login/login_request.hpp"
#include "tools/gateway/deepstream/presence_hub.hpp"
#include "tools/gateway/deepstream/rpc_hub.hpp"
#include "tools/gateway/deepstream/session.hpp"
#include "tools/gateway/load/spawn.hpp"

/// The part of Session that handles logins and rights.
namespace ringside::gateway::deepstream {

namespace websocket = boost::beast::websocket;

namespace {

/// Time until a login is checked again after a service gave no decision.
constexpr std::chrono::seconds recheck_pause{5};

std::size_t bytes_of(const LoginRequest& request) {
    std::size_t bytes = sizeof request + request.auth_data.size();
    for (const auto& [name, value] : request.headers) {
        bytes += sizeof request.headers.front() + name.size() + value.size();
    }
    return bytes;
}

std::chrono::steady_clock::time_point recheck_time_after(std::chrono::milliseconds interval) {
    if (interval.count() == 0) return std::chrono::steady_clock::time_point::max();
    return std::chrono::steady_clock::now() + interval;
}

}  // namespace

/// Disconnects a client that has not tried to log in after `login_time`.
void Session::limit_login_time() {
    login_timer_.emplace(executor(), hub_.options.login_time);
    login_timer_->async_wait([weak = weak_from_this()](const error_code& failed) {
        const auto alive = weak.lock();
        if (failed || !alive || alive->is_over_ || alive->has_tried_login_) return;
        alive->send(message_of<wire::ConnectionMessage>(ConnectionAction::authentication_timeout));
        alive->end(websocket::close_code::policy_error, "no login in time");
    });
}

Task<void> Session::take_auth(const Envelope& envelope) {
    wire::AuthMessage message;
    if (envelope.topic != static_cast<std::uint32_t>(Topic::auth)) {
        co_return send(message_of<wire::AuthMessage>(AuthAction::invalid_message));
    }
    if (!parse(envelope, message)) co_return;
    std::string json = to_utf8_json(message.data());
    const auto data = document_from_json(json);
    const bool is_request = static_cast<AuthAction>(message.action()) == AuthAction::request;
    if (is_request && !data && !is_bad_json(data.error().code)) {
        spdlog::info("login refused because of its data: {}", data.error().text());
        co_return turn_away({.client_data = R"("INVALID_MESSAGE_DATA")"});
    }
    if (!is_request || !data || !Value::of(*data).is_container()) {
        send(message_of<wire::AuthMessage>(AuthAction::invalid_message_data));
        co_return end(websocket::close_code::bad_payload, "unknown kind of login");
    }
    auto request = login_request(upgrade_, connection_.peer(), std::move(json));
    // A reload while the login is decided is noticed by the next check.
    const std::uint64_t generation = hub_.generation();
    auto task = hub_.log_in(std::move(request));
    const Login login = co_await std::move(task);
    has_tried_login_ = true;
    if (is_over_) co_return;
    if (login.is_valid) let_in(login, generation);
    else turn_away(login);
}

void Session::let_in(const Login& login, std::uint64_t generation) {
    login_ = login;
    requester_ = hub_.requester_for(login, connection_.peer().address().to_string());
    rights_generation_ = generation;
    rights_due_ = Clock::now() + rights_check_interval;
    incoming_memory_.move_to(requester_.account());
    outgoing_memory_.move_to(requester_.account());
    login_memory_.move_to(requester_.account());
    login_memory_.set(login.request == nullptr ? 0 : bytes_of(*login.request));
    recheck_due_ = recheck_time_after(login.recheck_interval);
    socket_.read_message_max(static_cast<std::size_t>(hub_.options.message_bytes_max));
    client_data_ = login.client_data.value_or(std::string());
    is_counted_ = login.is_known();
    if (is_counted_) hub_.presence().join(user());
    phase_ = Phase::open;
    login_timer_.reset();
    upgrade_ = {};
    auto answer = message_of<wire::AuthMessage>(AuthAction::successful);
    if (login.client_data) answer.set_data(*login.client_data);
    send(answer);
}

void Session::turn_away(const Login& login) {
    auto answer = message_of<wire::AuthMessage>(AuthAction::unsuccessful);
    if (login.client_data) answer.set_data(*login.client_data);
    send(answer);
    if (++login_attempts_ < hub_.options.login_attempts_max) return;
    send(message_of<wire::AuthMessage>(AuthAction::too_many_attempts));
    end(websocket::close_code::policy_error, "too many login attempts");
}

// Rights.

void Session::check_rights(Clock::time_point now) {
    rights_due_ = now + rights_check_interval;
    if (!hub_.options.logins->still_know(login_)) return end_for_rights();
    const bool is_reloaded =
        std::exchange(rights_generation_, hub_.generation()) != hub_.generation();
    if (login_.request != nullptr && (is_reloaded || now >= recheck_due_)) {
        recheck_due_ = Clock::time_point::max();
        spawn(executor(), decide_again(shared_from_this()), "the check of an open session's login");
    }
    if (is_reloaded) adopt_rights();
}

/// Asks the service that decided the login again.
Task<void> Session::decide_again(std::shared_ptr<Session> session) {
    Session& self = *session;
    const std::uint64_t number = ++self.rechecks_;
    auto is_wanted = [&self, number] { return !self.is_over_ && self.rechecks_ == number; };
    auto task = self.hub_.decide_again(*self.login_.request, is_wanted);
    Login login = co_await std::move(task);
    // A later check replaces this one.
    if (!is_wanted()) co_return;
    if (login.is_undecided) {
        self.recheck_due_ = Clock::now() + recheck_pause;
        co_return;
    }
    if (!login.is_valid || login.id != self.login_.id) co_return self.end_for_rights();
    self.recheck_due_ = recheck_time_after(login.recheck_interval);
    const bool is_changed = login.server_data != self.login_.server_data;
    self.login_ = std::move(login);
    if (is_changed) self.adopt_rights();
}

void Session::end_for_rights() {
    spdlog::info("client of '{}' disconnected because its login is no longer valid", user());
    end(websocket::close_code::policy_error, "login is no longer valid");
}

void Session::adopt_rights() {
    requester_ = hub_.requester_for(login_, requester_.address);
    const bool may_see = records_.adopt(requester_) && events_.adopt(requester_);
    const bool may_go_on = may_see && record_listening_.may_go_on() &&
                           event_listening_.may_go_on() && presences_.may_go_on() &&
                           hub_.rpc().may_go_on(*this);
    if (!may_go_on) end(websocket::close_code::policy_error, "permissions were revoked");
}

}  // namespace ringside::gateway::deepstream
