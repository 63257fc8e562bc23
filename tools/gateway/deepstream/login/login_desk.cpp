#include "tools/gateway/deepstream/login/login_desk.hpp"

#include <boost/asio/steady_timer.hpp>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Who a client says it is; empty: it does not say.
std::string claimed_user(const LoginRequest& request) {
    if (request.auth_data.size() > login_limits::auth_data_bytes_max) return {};
    const auto document = document_from_json(request.auth_data);
    if (!document) return {};
    return std::string(Value::of(*document)["username"].as_string().value_or(""));
}

}  // namespace

class LoginDesk::Turn {
public:
    Turn(LoginDesk& desk, std::string address) : desk_(desk), address_(std::move(address)) {}
    ~Turn() { desk_.end_turn(address_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    LoginDesk& desk_;
    const std::string address_;
};

Task<Login> LoginDesk::log_in(std::shared_ptr<const Logins> logins, LoginRequest request) {
    const std::string address = request.remote_address;
    const std::string user = claimed_user(request);
    const auto now = [] { return std::chrono::steady_clock::now(); };
    bool is_refused = false;
    {
        if (!co_await take_turn(address)) {
            log_refusal(request, "too many logins of this address are waiting");
            co_return Login{};
        }
        const Turn turn(*this, address);
        const LoginThrottle::Verdict verdict = throttle_.verdict(address, user, now());
        slowed_ += verdict != LoginThrottle::Verdict::decide;
        is_refused = verdict == LoginThrottle::Verdict::refuse;
        if (!is_refused) {
            if (verdict == LoginThrottle::Verdict::decide_late) co_await wait();
            auto task = logins->login(request);
            Login login = co_await std::move(task);
            if (!login.is_valid) throttle_.on_failure(address, user, now());
            co_return login;
        }
    }
    log_refusal(request, "too many logins have failed");
    co_await wait();
    co_return Login{};
}

std::size_t LoginDesk::under_way() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, address] : addresses_)
        count += address.deciding + address.waiting.size();
    return count;
}

/// Returns false if too many wait already.
Task<bool> LoginDesk::take_turn(const std::string& name) {
    Address& address = addresses_[name];
    if (address.deciding < login_limits::logins_per_address_max) {
        ++address.deciding;
        co_return true;
    }
    if (address.waiting.size() >= login_limits::logins_waiting_per_address_max) co_return false;
    auto start = [&address](Completion<bool> done) { address.waiting.push_back(std::move(done)); };
    co_return co_await completed_by<bool>(std::move(start));
}

/// Hands the place on to the next one who waits.
void LoginDesk::end_turn(const std::string& name) {
    const auto at = addresses_.find(name);
    if (at == addresses_.end()) return;
    Address& address = at->second;
    if (!address.waiting.empty()) {
        auto next = std::move(address.waiting.front());
        address.waiting.pop_front();
        asio::post(loop_, [next = std::move(next)]() mutable { std::move(next)(true); });
        return;
    }
    if (--address.deciding == 0) addresses_.erase(at);
}

Task<void> LoginDesk::wait() {
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        pause(loop_, LoginThrottle::pause);
    co_await pause.async_wait(use_task);
}

}  // namespace ringside::gateway::deepstream
