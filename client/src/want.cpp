#include "shm/name/name.hpp"
#include "shm/name/pattern.hpp"
#include "standing.hpp"

namespace ringside {

class DeclaredInterest::Impl : public detail::Standing {
public:
    using Standing::Standing;
};

Result<DeclaredInterest> Client::declare_interest(std::string_view pattern) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    if (is_reserved(pattern)) return Error(Errc::reserved_name, std::string(pattern));
    auto want = std::make_unique<DeclaredInterest::Impl>(impl_, shm::DeclarationKind::watch,
                                                         std::string(pattern));
    if (auto said = want->renew(); !said) return said.error();
    return DeclaredInterest(std::move(want));
}

DeclaredInterest::DeclaredInterest(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeclaredInterest::DeclaredInterest(DeclaredInterest&&) noexcept = default;
DeclaredInterest& DeclaredInterest::operator=(DeclaredInterest&&) noexcept = default;
DeclaredInterest::~DeclaredInterest() = default;
Result<void> DeclaredInterest::renew() { return impl_->renew(); }

}  // namespace ringside
