#include "broker/reactor/admission.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"

namespace ringside::broker {

namespace {

/// Share of the descriptors for connections without a greeting.
constexpr std::size_t descriptor_share = 4;
/// Share of these connections for one user.
constexpr std::size_t user_share = 4;
/// Share of the sessions that is reserved for admins.
constexpr std::size_t admin_share = 16;

}  // namespace

Admission::Admission(std::size_t descriptors)
    : waiting_max_(std::clamp(descriptors / descriptor_share, user_share,
                              limits::connections_waiting_max)) {}

std::size_t Admission::waiting_per_user_max() const noexcept { return waiting_max_ / user_share; }

void Admission::connected(ConnectionId id, std::uint32_t user) {
    if (waiting_of_[user].insert(id).second) ++waiting_;
}

void Admission::greeted(ConnectionId id, std::uint32_t user) {
    const auto place = waiting_of_.find(user);
    if (place == waiting_of_.end() || place->second.erase(id) == 0) return;
    --waiting_;
    if (place->second.empty()) waiting_of_.erase(place);
}

std::optional<Admission::ConnectionId> Admission::to_give_way(std::uint32_t user) const {
    const auto own = waiting_of_.find(user);
    if (own != waiting_of_.end() && own->second.size() >= waiting_per_user_max()) {
        return *own->second.begin();
    }
    if (waiting_ < waiting_max_) return std::nullopt;
    const auto most = std::max_element(
        waiting_of_.begin(), waiting_of_.end(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    return *most->second.begin();
}

Result<void> Admission::check_session(const Sessions& limits, shm::Role role, std::size_t in_use,
                                      std::size_t of_user) {
    if (in_use >= limits.max) {
        return Error(Errc::session_limit, std::to_string(limits.max) + " in all");
    }
    if (role == shm::Role::admin) return {};
    if (of_user >= limits.per_user_max) {
        return Error(Errc::session_limit, std::to_string(limits.per_user_max) + " per user");
    }
    if (in_use >= limits.max - limits.max / admin_share) {
        return Error(Errc::session_limit, "the remaining sessions are reserved for admins");
    }
    return {};
}

}  // namespace ringside::broker
