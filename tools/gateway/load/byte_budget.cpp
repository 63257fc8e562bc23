#include "tools/gateway/load/byte_budget.hpp"

namespace ringside::gateway {

std::map<std::string, ByteBudget::User>::iterator ByteBudget::enter(const std::string& user) {
    const auto at = users_.try_emplace(user).first;
    ++at->second.shares;
    return at;
}

void ByteBudget::leave(std::map<std::string, User>::iterator user) {
    if (--user->second.shares == 0) users_.erase(user);
}

ByteBudget::Share::Share(ByteBudget& budget, const std::string& user)
    : budget_(budget), user_(budget.enter(user)) {}

ByteBudget::Share::~Share() {
    set(0);
    budget_.leave(user_);
}

bool ByteBudget::Share::resize(std::size_t bytes) {
    if (bytes > bytes_) {
        const std::size_t more = bytes - bytes_;
        const bool fits = budget_.used_ + more <= budget_.max_ &&
                          user_->second.bytes + more <= budget_.per_user_max_;
        if (!fits) {
            ++budget_.refused_;
            return false;
        }
    }
    set(bytes);
    return true;
}

void ByteBudget::Share::set(std::size_t bytes) noexcept {
    budget_.used_ += bytes - bytes_;
    user_->second.bytes += bytes - bytes_;
    bytes_ = bytes;
}

bool ByteBudget::Share::has_room() const noexcept {
    return budget_.used_ < budget_.max_ && user_->second.bytes < budget_.per_user_max_;
}

void ByteBudget::Share::move_to(const std::string& user) {
    set(0);
    const auto former = user_;
    user_ = budget_.enter(user);
    budget_.leave(former);
}

}  // namespace ringside::gateway
