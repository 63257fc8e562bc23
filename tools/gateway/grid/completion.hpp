#pragma once

#include <boost/asio/post.hpp>
#include <memory>

#include "tools/gateway/net.hpp"

namespace ringside::gateway {

/// The result that a coroutine of the loop waits for: given once, in the loop. If it is destroyed
/// without being given, the coroutine ends. (Asio's any_completion_handler of Boost 1.81 calls
/// itself endlessly when it is moved into an aggregate.)
template <class T>
class Completion {
public:
    Completion() = default;
    template <class Handler>
    explicit Completion(std::in_place_t, Handler handler)
        : held_(std::make_unique<Held<Handler>>(std::move(handler))) {}

    void operator()(T value) && { std::exchange(held_, nullptr)->give(std::move(value)); }

private:
    struct Base {
        virtual ~Base() = default;
        virtual void give(T value) = 0;
    };
    template <class Handler>
    struct Held final : Base {
        explicit Held(Handler h) : handler(std::move(h)) {}
        void give(T value) override { std::move(handler)(std::move(value)); }
        Handler handler;
    };
    std::unique_ptr<Base> held_;
};

/// Waits for the completion that `start(Completion<T>)` arranges.
template <class T, class Start>
Task<T> completed_by(Start start) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(T)>(
        [](auto handler, Start begin) { begin(Completion<T>(std::in_place, std::move(handler))); },
        asio::use_awaitable_t<Executor>(), std::move(start));
}

}  // namespace ringside::gateway
