#pragma once

#include <memory>
#include <span>

#include "filter.hpp"
#include "ringside/query.hpp"

namespace ringside::query {

/// Builds the result of a query from the records that passed its filter. In a query on several
/// threads, each part of the names has a collector, and these are merged in the order of names.
/// Thread safety: one thread at a time.
class Collector {
public:
    virtual ~Collector() = default;

    /// Takes records in the order of their names. Returns false if no further ones are needed.
    /// Error: query_too_large.
    virtual Result<bool> take(std::span<const Candidate> records) = 0;

    /// Takes over what another collector of the same query has collected for later names. The other
    /// one is unusable afterwards. Error: query_too_large.
    virtual Result<void> merge(Collector& later) = 0;

    virtual void finish(Rows& rows) = 0;

    /// Creates the collector that a query needs. REQUIRES: query.check().
    static std::unique_ptr<Collector> make(const Query& query);
};

/// Returns query_too_large if a result takes more bytes than allowed.
Result<void> check_bytes(std::size_t bytes);

}  // namespace ringside::query
