#pragma once

#include <boost/system/result.hpp>

#include "tools/gateway/http/problem.hpp"

namespace ringside::gateway {

/// A value, or the problem that the requester gets instead.
template <class T>
using Outcome = boost::system::result<T, Problem>;

[[noreturn]] inline void throw_exception_from_error(const Problem& problem,
                                                    const boost::source_location&) {
    throw Exception(Error(Errc::bad_request, problem.detail));
}

}  // namespace ringside::gateway
