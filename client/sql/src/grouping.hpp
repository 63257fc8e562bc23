#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "access.hpp"
#include "column_reader.hpp"
#include "session.hpp"

namespace ringside::sql {

/// The records of a scope, rearranged so that records with equal columns are neighbours. This is
/// what SQLite needs for GROUP BY and DISTINCT, so it need not sort every row. Groups are in the
/// order of their columns, the records of a group in the order of names.
///
/// Memory: 20 bytes per record, and some 100 per group, charged to the guard.
/// Thread safety: one thread.
class Grouping {
public:
    Grouping(Session& session, const TableSpec& table, std::vector<GroupColumn> columns);
    ~Grouping();
    Grouping(const Grouping&) = delete;
    Grouping& operator=(const Grouping&) = delete;

    /// Reads a scope to its end. Errors: snapshot_expired, those of the guard.
    Result<void> fill(RecordCursor cursor);
    /// Arranges the records of all scopes. Call this once, before `next`.
    void sort();

    /// Moves to the next record. Returns false at the end.
    [[nodiscard]] bool next() noexcept;
    [[nodiscard]] RecordHandle current() const noexcept { return sorted_[at_]; }

    /// Returns the column's value if it is identical in all records of this group. Returns none if
    /// the column is not part of the grouping, or if equal values of the group differ, such as 1
    /// and 1.0.
    [[nodiscard]] std::optional<Scalar> common(std::size_t column) const noexcept;

private:
    struct Index;

    [[nodiscard]] std::uint32_t group_of(const RecordView& record);
    [[nodiscard]] std::uint32_t add_group();
    [[nodiscard]] std::vector<std::uint32_t> order_of_groups() const;
    void compare_with_key(std::uint32_t group);
    [[nodiscard]] const Scalar* key(std::uint32_t group) const noexcept {
        return keys_.data() + std::size_t{group} * columns_.size();
    }

    Session& session_;
    std::vector<GroupColumn> columns_;
    std::vector<ColumnReader> readers_;
    std::vector<Scalar> probe_;
    std::vector<std::string> texts_;  ///< of the probe, for generated JSON text
    std::vector<Scalar> keys_;        ///< keys of all groups, concatenated
    std::vector<bool> is_common_;     ///< per key: it is identical in all records of its group
    std::deque<std::string> owned_;   ///< JSON text of keys
    std::unique_ptr<Index> index_;
    std::vector<RecordHandle> marks_;     ///< in the order of reading
    std::vector<std::uint32_t> groups_;   ///< per mark
    std::vector<RecordHandle> sorted_;    ///< by group
    std::vector<std::size_t> ends_;       ///< ends of the groups within `sorted_`
    std::vector<std::uint32_t> ordered_;  ///< the groups in their final order
    std::size_t at_ = 0;
    std::size_t group_at_ = 0;
    std::size_t charged_ = 0;
    bool has_begun_ = false;
};

}  // namespace ringside::sql
