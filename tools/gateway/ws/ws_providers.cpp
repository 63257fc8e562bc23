#include "tools/gateway/ws/ws_providers.hpp"

namespace ringside::gateway {

WsProviders::Place::~Place() {
    if (service_ == nullptr) return;
    --all_->count_;
    // Its destructor waits for its thread.
    all_->grid_.dispose(std::move(service_));
}

Task<Outcome<WsProviders::Place>> WsProviders::provide(std::string account, std::string pattern,
                                                       OnCall on_call) {
    if (count_ >= providers_max) {
        co_return Problem{503, "provider_limit",
                          "provider limit of the gateway reached; try again later",
                          std::chrono::seconds(1)};
    }
    if (auto problem = grid_.answers().refuse(account)) co_return *std::move(problem);
    ++count_;
    // A call is passed on; its new owner decides its outcome.
    auto handler = [executor = loop_.get_executor(), on_call = std::move(on_call)](Call& call) {
        asio::post(executor, [on_call, taken = std::make_shared<Call>(std::move(call))]() mutable {
            on_call(std::move(taken));
        });
    };
    auto task = [this, pattern = std::move(pattern), handler = std::move(handler)] {
        return grid_.client().provide(pattern, handler);
    };
    auto provided = co_await grid_.answers().run(std::move(account), std::move(task));
    if (provided) co_return Place(*this, std::make_shared<Service>(*std::move(provided)));
    --count_;
    co_return Problem::of(provided.error());
}

Task<Outcome<void>> WsProviders::end(std::string account, Place& place) {
    if (auto problem = grid_.answers().refuse(account)) co_return *std::move(problem);
    auto task = [service = std::move(place.service_)]() mutable {
        service.reset();
        return true;
    };
    --count_;
    static_cast<void>(co_await grid_.answers().run(std::move(account), std::move(task)));
    co_return Outcome<void>();
}

}  // namespace ringside::gateway
