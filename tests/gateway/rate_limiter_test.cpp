#include "tools/gateway/access/rate_limiter.hpp"

#include "tests/gateway/access_test.hpp"
#include "tools/gateway/access/access_limits.hpp"

namespace ringside::gateway {
namespace {

using namespace std::chrono_literals;

class RateLimiterTest : public testing::AccessTest {
protected:
    [[nodiscard]] RateLimiter limiter(const std::string& text) const {
        return RateLimiter(load(text).value().rate_limits);
    }

    /// Returns how many requests in a row may pass at one instant.
    static int passing(RateLimiter& limiter, const std::string& user, RateLimiter::TimePoint at) {
        int count = 0;
        while (count < 10'000 && !limiter.take(user, user, at)) ++count;
        return count;
    }

    RateLimiter::TimePoint begin_{1000s};
};

TEST_F(RateLimiterTest, LetsABurstPassAndThenTheRate) {
    RateLimiter by = limiter("[[rate_limit]]\nrequests_per_second = 50\nburst = 100\n");
    EXPECT_EQ(passing(by, "a", begin_), 100);
    EXPECT_EQ(by.take("a", "a", begin_), 20ms);
    EXPECT_EQ(by.take("a", "a", begin_ + 5ms), 15ms);
    EXPECT_EQ(passing(by, "a", begin_ + 20ms), 1);
    EXPECT_EQ(passing(by, "a", begin_ + 1020ms), 50);
    EXPECT_EQ(passing(by, "a", begin_ + 1h), 100);
}

TEST_F(RateLimiterTest, RequestPassesAfterTheAnnouncedWait) {
    RateLimiter by = limiter("[[rate_limit]]\nrequests_per_second = 0.3\nburst = 1\n");
    auto at = begin_;
    EXPECT_FALSE(by.take("a", "a", at));
    for (int i = 0; i < 1000; ++i) {
        const auto wait = by.take("a", "a", at);
        ASSERT_TRUE(wait);
        EXPECT_TRUE(by.take("a", "a", at + *wait - 2ms));
        at += *wait;
        ASSERT_FALSE(by.take("a", "a", at)) << i;
    }
}

TEST_F(RateLimiterTest, GivesEachUserABucket) {
    RateLimiter by = limiter("[[rate_limit]]\nrequests_per_second = 1\nburst = 3\n");
    EXPECT_EQ(passing(by, "a", begin_), 3);
    EXPECT_EQ(passing(by, "b", begin_), 3);
    EXPECT_EQ(passing(by, "a", begin_), 0);
}

TEST_F(RateLimiterTest, AddressAndUserOfThatNameHaveSeparateBuckets) {
    RateLimiter by = limiter("[[rate_limit]]\nrequests_per_second = 1\nburst = 1\n");
    EXPECT_FALSE(by.take("10.0.0.1", "10.0.0.1", begin_));
    EXPECT_FALSE(by.take("10.0.0.1", "anonymous", begin_));
    EXPECT_TRUE(by.take("10.0.0.1", "anonymous", begin_));
}

TEST_F(RateLimiterTest, TakesTheFirstLimitThatFits) {
    RateLimiter by = limiter(R"(
[[rate_limit]]
users = ["partner-a", "staff-*"]
requests_per_second = 5
[[rate_limit]]
users = ["partner-*"]
requests_per_second = 2.5
)");
    EXPECT_EQ(passing(by, "partner-a", begin_), 5);
    EXPECT_EQ(passing(by, "staff-1", begin_), 5);
    EXPECT_EQ(passing(by, "partner-b", begin_), 3);
    EXPECT_EQ(passing(by, "other", begin_), 10'000);
}

TEST_F(RateLimiterTest, ForgetsBucketsThatAreFullAgain) {
    RateLimiter by = limiter("[[rate_limit]]\nrequests_per_second = 1\nburst = 2\n");
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(by.take(std::to_string(i), "a", begin_));
    EXPECT_EQ(by.size(), 100U);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(by.take("x", "a", begin_ + i * 1h + 1s));
    EXPECT_EQ(by.size(), 1U);
}

TEST_F(RateLimiterTest, RemembersNoMoreBucketsThanItMay) {
    RateLimiter by = limiter("[[rate_limit]]\nrequests_per_second = 1\nburst = 1\n");
    for (std::size_t i = 0; i <= access_limits::rate_buckets_max; ++i) {
        ASSERT_FALSE(by.take(std::to_string(i), "a", begin_));
    }
    EXPECT_EQ(by.size(), access_limits::rate_buckets_max);
    EXPECT_TRUE(by.take("1", "a", begin_));
    EXPECT_FALSE(by.take("0", "a", begin_)) << "it was unused longest";
}

TEST_F(RateLimiterTest, KeepsItsBucketsWhenItIsMoved) {
    RateLimiter first = limiter("[[rate_limit]]\nrequests_per_second = 1\nburst = 1\n");
    EXPECT_FALSE(first.take("a", "a", begin_));
    RateLimiter by = std::move(first);
    EXPECT_TRUE(by.take("a", "a", begin_));
    EXPECT_FALSE(by.take("a", "a", begin_ + 1s));
}

TEST_F(RateLimiterTest, DamagedTableIsAnErrorWithItsLine) {
    expect_refused("[[rate_limit]]\nburst = 1", 1, "set requests_per_second");
    expect_refused("[[rate_limit]]\nrequests_per_second = 0", 2, "must be a number");
    expect_refused("[[rate_limit]]\nrequests_per_second = nan", 2, "must be a number");
    expect_refused("[[rate_limit]]\nrequests_per_second = true", 2, "must be a number");
    expect_refused("[[rate_limit]]\nrequests_per_second = 1e7", 2, "must be a number");
    expect_refused("[[rate_limit]]\nrequests_per_second = 1\nburst = 0", 3, "burst must be");
    expect_refused("[[rate_limit]]\nusers = []\nrequests_per_second = 1", 2, "at least one");
    expect_refused("[[rate_limit]]\nusers = [\"a/b\"]\nrequests_per_second = 1", 2, "no '/'");
    expect_refused("[[rate_limit]]\nusers = [\"***\"]\nrequests_per_second = 1", 2, "'***'");
    expect_refused("[[rate_limit]]\nrate = 1", 2, "'rate' is not an option of");
}

}  // namespace
}  // namespace ringside::gateway
