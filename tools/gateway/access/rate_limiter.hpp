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
    std::vector<Pattern> users;  ///< empty: all, the anonymous one included
    double requests_per_second = 0;
    double burst = 0;
};

/// The tables [[rate_limit]], in their order. Errors: bad_configuration.
/// `burst` is as much as comes in one second where it is not given, and 1 at least.
[[nodiscard]] Result<std::vector<RateLimit>> read_rate_limits(const toml::table& root,
                                                              const std::filesystem::path& file);

/// A token bucket for each who makes requests: it holds `burst` and is refilled at the rate.
///
/// A bucket that is full again is as good as none, and is forgotten. There are
/// `access_limits::rate_buckets_max` at most; beyond that the one that was unused longest goes,
/// which gives whose it was a full one again.
///
/// Thread safety: one thread.
class RateLimiter {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit RateLimiter(std::vector<RateLimit> limits) : limits_(std::move(limits)) {}
    RateLimiter(RateLimiter&&) noexcept = default;
    RateLimiter& operator=(RateLimiter&&) noexcept = default;

    /// Takes one request. None: it may pass; else how long to wait until one may, and none was
    /// taken. `key` says whose bucket it is: the user, or the address of who is anonymous; `user`
    /// which limit counts: the first that fits. `now` does not go back.
    [[nodiscard]] std::optional<std::chrono::milliseconds> take(std::string_view key,
                                                                std::string_view user,
                                                                TimePoint now);

    /// Buckets that are remembered.
    [[nodiscard]] std::size_t size() const noexcept { return buckets_.size(); }

private:
    struct Bucket {
        std::string key;
        const RateLimit* limit;
        double held;  ///< requests, as of `as_of`
        TimePoint as_of;
    };
    using Buckets = std::list<Bucket>;

    [[nodiscard]] const RateLimit* limit_of(std::string_view user) const noexcept;
    [[nodiscard]] Bucket& bucket_of(std::string_view key, std::string_view user,
                                    const RateLimit& limit, TimePoint now);
    void forget_last();
    void forget_full(TimePoint now);

    std::vector<RateLimit> limits_;
    Buckets buckets_;  ///< the last one used first
    /// The keys are those of the buckets.
    std::unordered_map<std::string_view, Buckets::iterator, TextHash> places_;
};

}  // namespace ringside::gateway
