#pragma once

#include <chrono>
#include <filesystem>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/base/keyed_hash.hpp"
#include "shm/name/pattern.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

/// One table [[rate_limit]].
struct RateLimit {
    std::vector<Pattern> users;  ///< empty: all users, including the anonymous one
    double requests_per_second = 0;
    double burst = 0;
};

/// Reads the tables [[rate_limit]] in their order. Errors: bad_configuration.
/// Without `burst`, a bucket holds the requests of one second, and at least 1.
[[nodiscard]] Result<std::vector<RateLimit>> read_rate_limits(const toml::table& root,
                                                              const std::filesystem::path& file);

/// One token bucket per requester: it holds `burst` requests and is refilled at the configured
/// rate.
///
/// A full bucket is equivalent to no bucket and is removed. At most
/// `access_limits::rate_buckets_max` buckets exist. Beyond that, the least recently used one is
/// removed, and its user starts again with a full one.
///
/// Thread safety: one thread.
class RateLimiter {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit RateLimiter(std::vector<RateLimit> limits) : limits_(std::move(limits)) {}
    RateLimiter(RateLimiter&&) noexcept = default;
    RateLimiter& operator=(RateLimiter&&) noexcept = default;

    /// Replaces the limits. Buckets keep their content, up to the new limit, so that a change gives
    /// no requests away.
    void set_limits(std::vector<RateLimit> limits);

    /// Takes one request. Returns none if it may pass. Otherwise returns how long to wait until a
    /// request may pass, and takes nothing. `key` names the bucket: the user, or the address of an
    /// anonymous client. `user` selects the first limit that fits. `now` must not decrease.
    [[nodiscard]] std::optional<std::chrono::milliseconds> take(std::string_view key,
                                                                std::string_view user,
                                                                TimePoint now);

    /// Returns the number of buckets in memory.
    [[nodiscard]] std::size_t size() const noexcept { return buckets_.size(); }

private:
    struct Bucket {
        std::string key;
        const RateLimit* limit;
        double held;  ///< requests, at the time `as_of`
        TimePoint as_of;
    };
    using Buckets = std::list<Bucket>;

    [[nodiscard]] const RateLimit* limit_of(std::string_view user) const noexcept;
    [[nodiscard]] Bucket& bucket_of(std::string_view key, std::string_view user,
                                    const RateLimit& limit, TimePoint now);
    void forget_last();
    void forget_full(TimePoint now);

    std::vector<RateLimit> limits_;
    Buckets buckets_;  ///< most recently used first
    /// Keys are views of the keys in `buckets_`.
    std::unordered_map<std::string_view, Buckets::iterator, TextHash> places_;
};

}  // namespace ringside::gateway
