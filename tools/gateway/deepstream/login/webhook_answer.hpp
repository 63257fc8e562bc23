#pragma once

#include "shm/base/errc.hpp"
#include "tools/gateway/deepstream/login/login.hpp"
#include "tools/gateway/deepstream/login/web_post.hpp"

namespace ringside::gateway::deepstream {

/// Derives a login from the response of a webhook.
///
/// A text, or a JSON string, is the id. An object has `id`, `clientData`, `serverData` and `token`,
/// or `isValid: false`. Without an id, or without a body, the user is `OPEN`. If the status refuses
/// the login, the client gets a text as the error, or the `clientData` of an object.
/// Errors: bad_request (invalid JSON in a JSON response, other JSON, members of wrong types, not
/// UTF-8).
[[nodiscard]] Result<Login> login_of_answer(const WebAnswer& answer, bool is_permitted);

}  // namespace ringside::gateway::deepstream
