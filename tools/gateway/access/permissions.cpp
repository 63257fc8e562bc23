#include "tools/gateway/access/permissions.hpp"

namespace ringside::gateway {

bool Permissions::allows_all(Action action) const {
    static const Pattern every_name = Pattern::parse("**").value();
    return coverage(action, every_name) == Coverage::all;
}

Decision FixedPermissions::decide(Action, std::string_view) const {
    return {.is_allowed = is_allowed_, .rule = {}};
}

Coverage FixedPermissions::coverage(Action, const Pattern&) const {
    return is_allowed_ ? Coverage::all : Coverage::none;
}

}  // namespace ringside::gateway
