#include "broker/session/memory_account.hpp"

#include <algorithm>
#include <utility>

#include "shm/base/check.hpp"

namespace ringside::broker {

namespace {

/// Target below the limit, so that the next few bytes do not force another session to release
/// memory.
constexpr std::size_t target_of(std::size_t limit) noexcept { return limit - limit / 8; }

/// The accounts of one user that have not been selected yet, the largest last.
struct Candidates {
    std::size_t bytes = 0;
    std::vector<MemoryAccount*> accounts;

    MemoryAccount* take_heaviest() {
        if (accounts.empty()) return nullptr;
        MemoryAccount* heaviest = accounts.back();
        accounts.pop_back();
        bytes -= heaviest->bytes();
        return heaviest;
    }
};

}  // namespace

void MemoryAccount::release(std::size_t bytes) noexcept {
    check_that(bytes <= bytes_, "an account releases at most what was charged");
    change(bytes_ - bytes);
}

bool MemoryAccount::has_room(std::size_t bytes) const noexcept {
    if (accounts_ == nullptr) return true;
    const MemoryLimits& limits = accounts_->limits_;
    return bytes_ + bytes <= limits.session &&
           accounts_->users_.find(user_)->second.bytes + bytes <= limits.user &&
           accounts_->bytes_ + bytes <= limits.total;
}

void MemoryAccount::change(std::size_t bytes) noexcept {
    const std::size_t before = std::exchange(bytes_, bytes);
    if (accounts_ == nullptr) return;
    MemoryAccounts& all = *accounts_;
    MemoryAccounts::User& user = all.users_.find(user_)->second;
    user.bytes += bytes - before;
    all.bytes_ += bytes - before;
    if (bytes > before && (bytes > all.limits_.session || user.bytes > all.limits_.user ||
                           all.bytes_ > all.limits_.total)) {
        all.has_excess_ = true;
    }
}

void MemoryAccounts::open(MemoryAccount& account, std::uint32_t user) {
    users_[user].accounts.push_back(&account);
    account.accounts_ = this;
    account.user_ = user;
    account.change(std::exchange(account.bytes_, 0));
}

void MemoryAccounts::close(MemoryAccount& account) {
    if (account.accounts_ == nullptr) return;
    account.change(0);
    account.accounts_ = nullptr;
    const auto user = users_.find(account.user_);
    std::erase(user->second.accounts, &account);
    if (!user->second.accounts.empty()) return;
    check_that(user->second.bytes == 0, "a user without sessions costs nothing");
    users_.erase(user);
}

MemoryAccounts::Heaviest MemoryAccounts::heaviest() const noexcept {
    Heaviest found;
    for (const auto& [uid, user] : users_) {
        found.user_bytes = std::max(found.user_bytes, user.bytes);
        for (const MemoryAccount* account : user.accounts) {
            found.session_bytes = std::max(found.session_bytes, account->bytes());
        }
    }
    return found;
}

std::vector<MemoryAccounts::Excess> MemoryAccounts::excesses() {
    has_excess_ = false;
    std::vector<Excess> found;
    std::vector<Candidates> left;
    std::size_t bytes_left = bytes_;
    const auto give_way = [&](MemoryAccount* account, Errc limit) {
        bytes_left -= account->bytes();
        found.push_back({&account->owner(), limit});
    };
    for (const auto& [uid, user] : users_) {
        Candidates& candidates = left.emplace_back(Candidates{user.bytes, user.accounts});
        std::sort(candidates.accounts.begin(), candidates.accounts.end(),
                  [](const auto* a, const auto* b) { return a->bytes() < b->bytes(); });
        while (!candidates.accounts.empty() &&
               candidates.accounts.back()->bytes() > limits_.session) {
            give_way(candidates.take_heaviest(), Errc::session_memory_limit);
        }
        if (candidates.bytes <= limits_.user) continue;
        while (candidates.bytes > target_of(limits_.user) && !candidates.accounts.empty()) {
            give_way(candidates.take_heaviest(), Errc::user_memory_limit);
        }
    }
    if (bytes_left <= limits_.total) return found;
    while (bytes_left > target_of(limits_.total)) {
        const auto heaviest =
            std::max_element(left.begin(), left.end(),
                             [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
        MemoryAccount* account = heaviest->take_heaviest();
        if (account == nullptr) break;
        give_way(account, Errc::broker_memory_limit);
    }
    return found;
}

}  // namespace ringside::broker
