#include "tools/gateway/deepstream/login/login_desk.hpp"

#include <boost/asio/steady_timer.hpp>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Returns the user name that a client claims, or an empty text.
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
        if (!co_await take_turn(address,
                                {limits_.deciding_per_address, limits_.waiting_per_address})) {
            log_refusal(request, "too many logins from this address are waiting");
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
    log_refusal(request, "too many failed logins");
    co_await wait();
    co_return Login{};
}

Task<Login> LoginDesk::decide_again(LoginsNow logins, LoginRequest request, IsWanted is_wanted) {
    // No address has this name. The queue needs no limit, because the number of sessions is
    // limited.
    const std::string name = "open sessions";
    constexpr QueueLimits limits{login_limits::rechecks_max, ~std::size_t{0}};
    co_await take_turn(name, limits);
    const Turn turn(*this, name);
    if (!is_wanted()) co_return Login{.is_undecided = true};
    auto task = logins()->login(std::move(request));
    co_return co_await std::move(task);
}

std::size_t LoginDesk::under_way() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, queue] : queues_) count += queue.deciding + queue.waiting.size();
    return count;
}

/// Returns false if too many wait already.
Task<bool> LoginDesk::take_turn(const std::string& name, QueueLimits limits) {
    Queue& queue = queues_[name];
    if (queue.deciding < limits.deciding_max) {
        ++queue.deciding;
        co_return true;
    }
    if (queue.waiting.size() >= limits.waiting_max) co_return false;
    auto start = [&queue](Completion<bool> done) { queue.waiting.push_back(std::move(done)); };
    co_return co_await completed_by<bool>(std::move(start));
}

/// Passes the place to the next login that waits.
void LoginDesk::end_turn(const std::string& name) {
    const auto at = queues_.find(name);
    if (at == queues_.end()) return;
    Queue& queue = at->second;
    if (!queue.waiting.empty()) {
        auto next = std::move(queue.waiting.front());
        queue.waiting.pop_front();
        asio::post(loop_, [next = std::move(next)]() mutable { std::move(next)(true); });
        return;
    }
    if (--queue.deciding == 0) queues_.erase(at);
}

Task<void> LoginDesk::wait() {
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        pause(loop_, limits_.pause);
    co_await pause.async_wait(use_task);
}

}  // namespace ringside::gateway::deepstream
