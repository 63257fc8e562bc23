#include "tools/gateway/http/body_account.hpp"

namespace ringside::gateway {

std::optional<Problem> BodyAccount::count(std::uint64_t bytes, const Admit& admit) {
    if (bytes <= bytes_) return std::nullopt;
    const auto overloaded = [this] {
        ++budget_.refused_;
        return Problem{503, "overloaded",
                       "too many large requests at the same time; try again later",
                       std::chrono::seconds(1)};
    };
    if (budget_.used_ + bytes - bytes_ > budget_.max_) return overloaded();
    if (!share_) share_.emplace(budget_.strangers_, address_);
    bool has_share = false;
    if (is_admitted_ || bytes <= BodyBudget::unseen_bytes_max) has_share = share_->resize(bytes);
    if (!has_share && !is_admitted_) {
        const Admission admission = admit();
        if (admission.problem) return admission.problem;
        is_admitted_ = true;
        if (!admission.account.empty()) share_.emplace(budget_.users_, admission.account);
        has_share = share_->resize(bytes);
    }
    if (!has_share) return overloaded();
    set(bytes);
    return std::nullopt;
}

void BodyAccount::set(std::uint64_t bytes) noexcept {
    budget_.used_ += bytes - bytes_;
    bytes_ = bytes;
}

void BodyAccount::release() noexcept {
    set(0);
    share_.reset();
    is_admitted_ = false;
}

}  // namespace ringside::gateway
