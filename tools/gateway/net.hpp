#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

/// The gateway's names for Asio: one thread, coroutines, outcomes as values.
namespace ringside::gateway {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using boost::system::error_code;

/// A coroutine of the gateway's loop.
template <class T>
using Task = asio::awaitable<T, Executor>;

/// `auto [failed, count] = co_await stream.async_read_some(…, use_task);`
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> use_task{};

}  // namespace ringside::gateway
