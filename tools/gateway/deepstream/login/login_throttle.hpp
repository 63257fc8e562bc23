#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "tools/gateway/load/shares.hpp"

namespace ringside::gateway::deepstream {

/// Counts failures by name. A name whose failures are forgotten uses no memory.
/// Thread safety: one thread.
class FailureCounts {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit FailureCounts(FailureLimit limit) noexcept : limit_(limit) {}

    /// `now` must not decrease.
    void add(const std::string& name, TimePoint now);
    [[nodiscard]] bool has_too_many(const std::string& name, TimePoint now) const;
    [[nodiscard]] std::size_t size() const noexcept { return counts_.size(); }

    /// At this number, removes the names whose failures are forgotten, or all names if none are.
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

/// Slows the guessing of passwords, by address and by user, over WebSockets and the HTTP API.
/// Outlives configurations.
/// Thread safety: one thread.
class LoginThrottle {
public:
    using TimePoint = FailureCounts::TimePoint;

    explicit LoginThrottle(const LoginLimits& limits) noexcept
        : addresses_(limits.of_address),
          users_(limits.of_user),
          users_at_addresses_(limits.of_user_at_address) {}

    enum class Verdict : std::uint8_t {
        decide,       ///< immediately
        decide_late,  ///< after a pause: many logins from this address have failed
        refuse        ///< after a pause, unchecked: many logins of this user have failed
    };
    /// `user` is the name that the client claims; empty if it claims none.
    [[nodiscard]] Verdict verdict(const std::string& address, const std::string& user,
                                  TimePoint now) const;
    void on_failure(const std::string& address, const std::string& user, TimePoint now);

private:
    [[nodiscard]] static std::string both(const std::string& address, const std::string& user) {
        return address + '/' + user;  // An address contains no '/'.
    }

    FailureCounts addresses_;
    FailureCounts users_;
    FailureCounts users_at_addresses_;
};

}  // namespace ringside::gateway::deepstream
