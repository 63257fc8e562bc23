#include "collector.hpp"

#include "group_collector.hpp"
#include "row_collector.hpp"
#include "shm/base/limits.hpp"
#include "top_collector.hpp"

namespace ringside::query {

std::unique_ptr<Collector> Collector::make(const Query& query) {
    if (query.is_grouped()) return std::make_unique<GroupCollector>(query);
    if (query.first()) return std::make_unique<TopCollector>(query);
    return std::make_unique<RowCollector>(query);
}

Result<void> check_bytes(std::size_t bytes) {
    if (bytes <= limits::query_bytes_max) return {};
    return Error(Errc::query_too_large,
                 "the result exceeds " + std::to_string(limits::query_bytes_max >> 20) + " MiB");
}

}  // namespace ringside::query
