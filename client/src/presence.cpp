#include "shm/name/system_name.hpp"
#include "standing.hpp"

namespace ringside {

class Presence::Impl : public detail::Standing {
public:
    using Standing::Standing;
};

Result<Presence> Client::announce_presence(std::string_view user) const {
    if (user.empty()) return Error(Errc::bad_user, "empty");
    if (auto checked = system_name::check_user(user); !checked) return checked.error();
    auto presence =
        std::make_unique<Presence::Impl>(impl_, shm::DeclarationKind::present, std::string(user));
    if (auto said = presence->renew(); !said) return said.error();
    return Presence(std::move(presence));
}

Presence::Presence(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Presence::Presence(Presence&&) noexcept = default;
Presence& Presence::operator=(Presence&&) noexcept = default;
Presence::~Presence() = default;
Result<void> Presence::renew() { return impl_->renew(); }

}  // namespace ringside
