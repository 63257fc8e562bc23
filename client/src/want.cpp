#include "shm/name/name.hpp"
#include "shm/name/pattern.hpp"
#include "standing.hpp"

namespace ringside {

class Want::Impl : public detail::Standing {
public:
    using Standing::Standing;
};

Result<Want> Client::want(std::string_view pattern) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    if (is_reserved(pattern)) return Error(Errc::reserved_name, std::string(pattern));
    auto want =
        std::make_unique<Want::Impl>(impl_, shm::DeclarationKind::watch, std::string(pattern));
    if (auto said = want->renew(); !said) return said.error();
    return Want(std::move(want));
}

Want::Want(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Want::Want(Want&&) noexcept = default;
Want& Want::operator=(Want&&) noexcept = default;
Want::~Want() = default;
Result<void> Want::renew() { return impl_->renew(); }

}  // namespace ringside
