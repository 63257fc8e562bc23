#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

namespace ringside::gateway::deepstream {

/// How many failures count against somebody, and how fast they are forgotten.
struct FailureLimit {
    double burst;
    double forgotten_per_second;
};

/// Failures of many, by name. Those who are forgotten cost no memory.
/// Thread safety: one thread.
class FailureCounts {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit FailureCounts(FailureLimit limit) noexcept : limit_(limit) {}

    /// `now` does not go back.
    void add(const std::string& name, TimePoint now);
    [[nodiscard]] bool has_too_many(const std::string& name, TimePoint now) const;
    [[nodiscard]] std::size_t size() const noexcept { return counts_.size(); }

    /// Beyond that, all that is forgotten by then is dropped, and if nothing is, everything.
    static constexpr std::size_t names_max = 65'536;

private:
    struct Count {
        double failures;
        TimePoint as_of;
    };
    [[nodiscard]] double left_of(const Count& count, TimePoint now) const noexcept;
    void make_room(TimePoint now);

    const FailureLimit limit_;
    std::unordered_map<std::string, Count> counts_;
};

/// Slows whoever guesses passwords, by address and by user, over WebSockets and the HTTP API.
/// Outlives configurations.
/// Thread safety: one thread.
class LoginThrottle {
public:
    using TimePoint = FailureCounts::TimePoint;

    enum class Verdict : std::uint8_t {
        decide,       ///< now
        decide_late,  ///< after `pause`: many logins of this address have failed
        refuse        ///< after `pause`, unseen: many logins of this user have failed
    };
    /// `user`: as the client says; empty: it does not say.
    [[nodiscard]] Verdict verdict(const std::string& address, const std::string& user,
                                  TimePoint now) const;
    void on_failure(const std::string& address, const std::string& user, TimePoint now);

    static constexpr std::chrono::milliseconds pause{1000};
    static constexpr FailureLimit limit_of_address{.burst = 60, .forgotten_per_second = 5};
    static constexpr FailureLimit limit_of_user{.burst = 200, .forgotten_per_second = 5};
    static constexpr FailureLimit limit_of_user_at_address{.burst = 20, .forgotten_per_second = 1};

private:
    [[nodiscard]] static std::string both(const std::string& address, const std::string& user) {
        return address + '/' + user;  // an address has no '/'
    }

    FailureCounts addresses_{limit_of_address};
    FailureCounts users_{limit_of_user};
    FailureCounts users_at_addresses_{limit_of_user_at_address};
};

}  // namespace ringside::gateway::deepstream
