#include "tools/gateway/deepstream/login/password_workers.hpp"

#include <boost/asio/this_coro.hpp>

#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/grid/completion.hpp"

namespace ringside::gateway::deepstream {

Task<std::optional<bool>> PasswordWorkers::ask(std::function<bool()> fits) {
    if (waiting_ >= login_limits::hashes_waiting_max) co_return std::nullopt;
    ++waiting_;
    const Executor loop = co_await asio::this_coro::executor;
    auto start = [this, loop, fits = std::move(fits)](Completion<bool> done) mutable {
        asio::post(threads_, [loop, fits = std::move(fits), done = std::move(done)]() mutable {
            const bool does_fit = fits();
            asio::post(loop,
                       [does_fit, done = std::move(done)]() mutable { std::move(done)(does_fit); });
        });
    };
    const bool does_fit = co_await completed_by<bool>(std::move(start));
    --waiting_;
    co_return does_fit;
}

}  // namespace ringside::gateway::deepstream
