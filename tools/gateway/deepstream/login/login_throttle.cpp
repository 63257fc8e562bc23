#include "tools/gateway/deepstream/login/login_throttle.hpp"

#include <algorithm>

namespace ringside::gateway::deepstream {

double FailureCounts::left_of(const Count& count, TimePoint now) const noexcept {
    const double seconds = std::chrono::duration<double>(now - count.as_of).count();
    const double forgotten = seconds * static_cast<double>(limit_.forgotten_per_minute) / 60;
    return std::max(0.0, count.failures - forgotten);
}

void FailureCounts::add(const std::string& name, TimePoint now) {
    if (counts_.size() >= names_max) make_room(now);
    Count& count = counts_.try_emplace(name, Count{0, now}).first->second;
    count = {std::min(left_of(count, now) + 1, static_cast<double>(limit_.burst)), now};
}

bool FailureCounts::has_too_many(const std::string& name, TimePoint now) const {
    const auto at = counts_.find(name);
    return at != counts_.end() && left_of(at->second, now) > static_cast<double>(limit_.burst) - 1;
}

void FailureCounts::make_room(TimePoint now) {
    std::erase_if(counts_, [&](const auto& entry) { return left_of(entry.second, now) == 0; });
    if (counts_.size() >= names_max) counts_.clear();
}

LoginThrottle::Verdict LoginThrottle::verdict(const std::string& address, const std::string& user,
                                              TimePoint now) const {
    const bool is_guessed =
        !user.empty() && (users_at_addresses_.has_too_many(both(address, user), now) ||
                          users_.has_too_many(user, now));
    if (is_guessed) return Verdict::refuse;
    return addresses_.has_too_many(address, now) ? Verdict::decide_late : Verdict::decide;
}

void LoginThrottle::on_failure(const std::string& address, const std::string& user, TimePoint now) {
    addresses_.add(address, now);
    if (user.empty()) return;
    users_.add(user, now);
    users_at_addresses_.add(both(address, user), now);
}

}  // namespace ringside::gateway::deepstream
