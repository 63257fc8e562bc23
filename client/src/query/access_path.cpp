#include "access_path.hpp"

#include "../snapshot_impl.hpp"
#include "shm/index/split.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::query {

namespace {

/// The first text that is behind all that begin with `prefix`; "" where there is none.
std::string behind(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xFF') end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
    return end;
}

}  // namespace

std::vector<NameRange> parts_of(const Snapshot::Impl& snapshot, const Query& query,
                                std::size_t threads) {
    constexpr std::size_t parts_per_thread = 8;
    std::vector<NameRange> parts;
    const Pattern pattern = Pattern::parse(query.pattern()).value();
    NameRange part;
    if (threads > 1) {
        const std::string_view prefix = pattern.literal_prefix();
        for (std::string& name : shm::split_names(snapshot.segment(), prefix, behind(prefix),
                                                  threads * parts_per_thread)) {
            part.end = name;
            parts.push_back(std::move(part));
            part = {std::move(name), {}};
        }
    }
    parts.push_back(std::move(part));
    return parts;
}

Result<RecordCursor> candidates(const Snapshot& snapshot, const Query& query, NameRange part) {
    return snapshot.cursor(query.pattern(), std::move(part));
}

}  // namespace ringside::query
