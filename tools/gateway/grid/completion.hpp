#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/post.hpp>

#include "tools/gateway/net.hpp"

namespace ringside::gateway {

/// What a coroutine of the loop waits for, to be given by another thread.
template <class T>
using Completion = asio::any_completion_handler<void(T)>;

/// Waits for what `start(Completion<T>)` arranges.
template <class T, class Start>
Task<T> completed_by(Start start) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(T)>(
        [](auto handler, Start begin) { begin(Completion<T>(std::move(handler))); },
        asio::use_awaitable_t<Executor>(), std::move(start));
}

}  // namespace ringside::gateway
