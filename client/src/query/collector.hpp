#pragma once

#include <memory>
#include <span>

#include "filter.hpp"
#include "ringside/query.hpp"

namespace ringside::query {

/// Makes the result of a query out of the records that passed its filter. For a query on several
/// threads each part of the names has one of its own, and they are merged in the order of names.
/// Thread safety: one thread at a time.
class Collector {
public:
    virtual ~Collector() = default;

    /// Takes records in the order of their names. False: no further ones are needed.
    /// Error: query_too_large.
    virtual Result<bool> take(std::span<const Candidate> records) = 0;

    /// Takes over what another one, of the same query, has collected of later names. The other one
    /// is of no use afterwards. Error: query_too_large.
    virtual Result<void> merge(Collector& later) = 0;

    virtual void finish(Rows& rows) = 0;

    /// The one that a query needs. REQUIRES: query.check().
    static std::unique_ptr<Collector> make(const Query& query);
};

/// query_too_large when a result takes more bytes than one may.
Result<void> check_bytes(std::size_t bytes);

}  // namespace ringside::query
