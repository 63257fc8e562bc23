#pragma once

#include "shm/base/errc.hpp"
#include "tools/gateway/deepstream/login/login.hpp"
#include "tools/gateway/deepstream/login/web_post.hpp"

namespace ringside::gateway::deepstream {

/// What a webhook's answer says about a login.
///
/// A text, or a string of JSON, is the id; an object has `id`, `clientData`, `serverData` and
/// `token`, or `isValid: false`. Where there is no id, or nothing at all, the user is `OPEN`. If
/// its status permits nobody, a text is the error that the client is told, and of an object it is
/// told `clientData`.
/// Errors: bad_request (not JSON where it says so, other JSON, members of other types, not UTF-8).
[[nodiscard]] Result<Login> login_of_answer(const WebAnswer& answer, bool is_permitted);

}  // namespace ringside::gateway::deepstream
