#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ringside/scalar.hpp"
#include "shm/base/types.hpp"

namespace ringside {

/// One row of a result. Valid as long as the result.
using Row = std::span<const OwnedScalar>;

/// Result of a query: rows of equal width, and the revision of the grid at which they hold.
/// Thread safety: as std::vector.
class Rows {
public:
    class Iterator;

    Rows(Revision revision, std::vector<std::string> columns)
        : revision_(revision), columns_(std::move(columns)) {}

    [[nodiscard]] Revision revision() const noexcept { return revision_; }
    [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size() / columns_.size(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    [[nodiscard]] Row operator[](std::size_t index) const noexcept {
        return {values_.data() + index * columns_.size(), columns_.size()};
    }
    [[nodiscard]] Iterator begin() const noexcept;
    [[nodiscard]] Iterator end() const noexcept;

    /// REQUIRES: as many values as columns.
    void add(Row row) { values_.insert(values_.end(), row.begin(), row.end()); }
    /// REQUIRES: a whole number of rows.
    void adopt(std::vector<OwnedScalar> values) { values_ = std::move(values); }

private:
    Revision revision_;
    std::vector<std::string> columns_;
    std::vector<OwnedScalar> values_;  ///< row-major
};

/// Iterator for range-based for loops over rows.
class Rows::Iterator {
public:
    Iterator(const Rows& rows, std::size_t index) noexcept : rows_(&rows), index_(index) {}
    Row operator*() const noexcept { return (*rows_)[index_]; }
    Iterator& operator++() noexcept {
        ++index_;
        return *this;
    }
    bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

private:
    const Rows* rows_;
    std::size_t index_;
};

inline Rows::Iterator Rows::begin() const noexcept { return {*this, 0}; }
inline Rows::Iterator Rows::end() const noexcept { return {*this, size()}; }

}  // namespace ringside
