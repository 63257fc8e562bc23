#pragma once

#include <vector>

#include "collector.hpp"

namespace ringside::query {

/// The selected fields of a record.
class RowReader {
public:
    explicit RowReader(const Query& query);

    [[nodiscard]] std::size_t width() const noexcept { return readers_.size(); }
    /// Appends them. Returns their size in bytes.
    std::size_t read(const Candidate& candidate, std::vector<OwnedScalar>& into) const;

private:
    std::vector<FieldReader> readers_;
};

/// A row per record, in the order of names.
class RowCollector final : public Collector {
public:
    explicit RowCollector(const Query& query);

    Result<bool> take(std::span<const Candidate> records) override;
    Result<void> merge(Collector& later) override;
    void finish(Rows& rows) override;

private:
    [[nodiscard]] bool is_full() const noexcept {
        return values_.size() / reader_.width() >= limit_;
    }

    RowReader reader_;
    std::size_t limit_;
    std::size_t bytes_ = 0;
    std::vector<OwnedScalar> values_;
};

}  // namespace ringside::query
