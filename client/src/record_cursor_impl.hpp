#pragma once

#include <utility>
#include <variant>

#include "record_list.hpp"
#include "ringside/record_cursor.hpp"
#include "scan.hpp"
#include "snapshot_impl.hpp"

namespace ringside {

/// Iterates over all records whose names match, or over those found by an index.
class RecordCursor::Impl {
public:
    template <class Source>
    Impl(const Snapshot::Impl& snapshot, std::in_place_type_t<Source> source, auto&&... arguments)
        : snapshot_(snapshot),
          source_(source, snapshot.segment(), snapshot.revision,
                  std::forward<decltype(arguments)>(arguments)...) {}

    Result<std::span<const RecordView>> next() {
        auto* scan = std::get_if<detail::Scan>(&source_);
        const auto batch =
            scan != nullptr ? scan->next() : std::get<detail::RecordList>(source_).next();
        if (auto checked = snapshot_.check(); !checked) return checked.error();
        return batch;
    }

private:
    const Snapshot::Impl& snapshot_;
    std::variant<detail::Scan, detail::RecordList> source_;
};

}  // namespace ringside
