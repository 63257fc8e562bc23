#include "tools/gateway/http/body_account.hpp"

namespace ringside::gateway {

std::optional<Problem> BodyAccount::count(std::uint64_t bytes, const Admit& admit) {
    const Problem overloaded{503, "overloaded", "too many large requests at a time",
                             std::chrono::seconds(1)};
    if (bytes <= bytes_) return std::nullopt;
    if (budget_.used_ + bytes - bytes_ > budget_.max_) return overloaded;
    if (!is_known_) {
        if (!stranger_) stranger_.emplace(budget_.strangers_, address_);
        bool has_share = false;
        if (is_admitted_ || bytes <= BodyBudget::unseen_bytes_max) {
            has_share = stranger_->resize(bytes);
        }
        if (!has_share && !is_admitted_) {
            const Admission admission = admit();
            if (admission.problem) return admission.problem;
            is_admitted_ = true;
            is_known_ = admission.is_known;
            if (is_known_) stranger_.reset();
            has_share = is_known_ || stranger_->resize(bytes);
        }
        if (!has_share) return overloaded;
    }
    set(bytes);
    return std::nullopt;
}

void BodyAccount::set(std::uint64_t bytes) noexcept {
    budget_.used_ += bytes - bytes_;
    bytes_ = bytes;
}

void BodyAccount::release() noexcept {
    set(0);
    stranger_.reset();
    is_admitted_ = false;
    is_known_ = false;
}

}  // namespace ringside::gateway
