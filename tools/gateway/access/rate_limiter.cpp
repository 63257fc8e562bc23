#include "tools/gateway/access/rate_limiter.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <utility>

#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/users.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::gateway {

namespace {

/// Returns the content of a bucket some time after it held `held`.
double refilled(double held, const RateLimit& limit, std::chrono::steady_clock::duration after) {
    const double seconds = std::max(0.0, std::chrono::duration<double>(after).count());
    return std::min(limit.burst, held + seconds * limit.requests_per_second);
}

Result<RateLimit> read_limit(const toml::table& table, const tools::TomlFile& file) {
    RateLimit limit;
    std::int64_t burst = 0;
    const auto take_rate = [&](std::string_view key, const toml::node& node) -> Result<void> {
        const auto rate = node.is_number() ? node.value<double>() : std::nullopt;
        // The comparison is written so that it refuses NaN.
        const bool is_good = rate && *rate >= access_limits::requests_per_second_min &&
                             *rate <= access_limits::requests_per_second_max;
        if (!is_good) {
            return file.error_at(node,
                                 std::string(key) + " must be a number from 0.001 to 1000000");
        }
        limit.requests_per_second = *rate;
        return {};
    };
    if (auto read = file.read(table, "a rate limit",
                              {{"users", to_users(file, limit.users)},
                               {"requests_per_second", take_rate},
                               {"burst", file.to(burst, 1, access_limits::burst_max)}});
        !read) {
        return read.error();
    }
    if (limit.requests_per_second == 0) {
        return file.error_at(table, "[[rate_limit]] is incomplete; set requests_per_second");
    }
    limit.burst = burst != 0 ? static_cast<double>(burst)
                             : std::max(1.0, std::ceil(limit.requests_per_second));
    return limit;
}

}  // namespace

Result<std::vector<RateLimit>> read_rate_limits(const toml::table& root,
                                                const std::filesystem::path& path) {
    const tools::TomlFile file(path);
    std::vector<RateLimit> limits;
    const auto take_limit = [&](const toml::table& table) -> Result<void> {
        auto limit = read_limit(table, file);
        if (!limit) return limit.error();
        limits.push_back(std::move(*limit));
        return {};
    };
    if (auto read = file.each_table(root, "rate_limit", take_limit); !read) return read.error();
    return limits;
}

std::optional<std::chrono::milliseconds> RateLimiter::take(std::string_view key,
                                                           std::string_view user, TimePoint now) {
    const RateLimit* limit = limit_of(user);
    if (limit == nullptr) return std::nullopt;
    Bucket& bucket = bucket_of(key, user, *limit, now);
    forget_full(now);
    // Tolerates the rounding of doubles: a client that waits for the announced time must pass.
    constexpr double rounding = 1e-6;
    if (bucket.held >= 1 - rounding) {
        bucket.held = std::max(0.0, bucket.held - 1);
        return std::nullopt;
    }
    const double wait_s = (1 - bucket.held) / limit->requests_per_second;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(wait_s * 1000)));
}

const RateLimit* RateLimiter::limit_of(std::string_view user) const noexcept {
    const auto found = std::find_if(limits_.begin(), limits_.end(), [&](const RateLimit& limit) {
        return is_one_of(limit.users, user);
    });
    return found == limits_.end() ? nullptr : &*found;
}

RateLimiter::Bucket& RateLimiter::bucket_of(std::string_view key, std::string_view user,
                                            const RateLimit& limit, TimePoint now) {
    // User names contain no '/', so a user cannot have the name of an address.
    const std::string whose = std::string(user) + "/" + std::string(key);
    if (const auto found = places_.find(whose); found != places_.end()) {
        buckets_.splice(buckets_.begin(), buckets_, found->second);
        Bucket& bucket = buckets_.front();
        bucket.held = refilled(bucket.held, limit, now - bucket.as_of);
        bucket.as_of = now;
        return bucket;
    }
    if (buckets_.size() == access_limits::rate_buckets_max) forget_last();
    buckets_.push_front({.key = whose, .limit = &limit, .held = limit.burst, .as_of = now});
    places_.emplace(buckets_.front().key, buckets_.begin());
    return buckets_.front();
}

void RateLimiter::set_limits(std::vector<RateLimit> limits) {
    const std::vector<RateLimit> former = std::exchange(limits_, std::move(limits));
    for (auto bucket = buckets_.begin(); bucket != buckets_.end();) {
        const std::string_view key = bucket->key;
        const RateLimit* limit = limit_of(key.substr(0, key.find('/')));
        if (limit == nullptr) {
            places_.erase(key);
            bucket = buckets_.erase(bucket);
            continue;
        }
        // Requests that were missing from a full bucket remain missing.
        const double missing = std::max(0.0, bucket->limit->burst - bucket->held);
        bucket->held = std::max(0.0, limit->burst - missing);
        bucket->limit = limit;
        ++bucket;
    }
}

void RateLimiter::forget_last() {
    places_.erase(buckets_.back().key);
    buckets_.pop_back();
}

void RateLimiter::forget_full(TimePoint now) {
    // Removes two each time, so that buckets disappear faster than they are added. The first one is
    // in use.
    for (int i = 0; i < 2 && buckets_.size() > 1; ++i) {
        const Bucket& last = buckets_.back();
        if (refilled(last.held, *last.limit, now - last.as_of) < last.limit->burst) return;
        forget_last();
    }
}

}  // namespace ringside::gateway
