#include "tools/gateway/access/permissions.hpp"

namespace ringside::gateway {

Decision Permissions::decide(Action action, std::string_view name, const Evidence&) const {
    return decide(action, name);
}

bool Permissions::looks_at_documents(Action, std::string_view) const { return false; }

bool Permissions::looks_at_data(Action, std::string_view) const { return false; }

bool Permissions::allows_all(Action action) const {
    static const Pattern every_name = Pattern::parse("**").value();
    return coverage(action, every_name) == Coverage::all;
}

Decision FixedPermissions::decide(Action, std::string_view) const {
    return {.is_allowed = is_allowed_};
}

Coverage FixedPermissions::coverage(Action, const Pattern&) const {
    return is_allowed_ ? Coverage::all : Coverage::none;
}

}  // namespace ringside::gateway
