#include "client_impl.hpp"
#include "declared.hpp"
#include "shm/name/name.hpp"
#include "shm/name/pattern.hpp"

namespace ringside {

class Want::Impl {
public:
    Impl(std::shared_ptr<Client::Impl> client, Pattern pattern)
        : client_(std::move(client)), pattern_(std::move(pattern)) {}

    Result<void> renew() {
        auto attachment = client_->attachment();
        if (attachment && (*attachment)->check_lost()) attachment = client_->attachment();
        if (!attachment) return attachment.error();
        if (declared_ && *attachment == attachment_) return {};
        auto made =
            detail::Declared::make(*attachment, shm::DeclarationKind::watch, 0, pattern_.text());
        if (!made) return made.error();
        declared_ = std::move(*made);
        attachment_ = std::move(*attachment);
        return {};
    }

private:
    std::shared_ptr<Client::Impl> client_;
    const Pattern pattern_;
    std::shared_ptr<detail::Attachment> attachment_;  ///< where it is declared
    std::optional<detail::Declared> declared_;
};

Result<Want> Client::want(std::string_view pattern) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    if (is_reserved(pattern)) return Error(Errc::reserved_name, std::string(pattern));
    auto want = std::make_unique<Want::Impl>(impl_, *std::move(parsed));
    if (auto said = want->renew(); !said) return said.error();
    return Want(std::move(want));
}

Want::Want(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Want::Want(Want&&) noexcept = default;
Want& Want::operator=(Want&&) noexcept = default;
Want::~Want() = default;
Result<void> Want::renew() { return impl_->renew(); }

}  // namespace ringside
