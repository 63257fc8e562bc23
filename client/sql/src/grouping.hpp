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

/// The records of a scope, rearranged so that those with equal columns are neighbours: what SQLite
/// needs for GROUP BY and DISTINCT, without its sorting every row. Groups come in the order of
/// their columns, records of a group in that of names.
///
/// Memory: 20 bytes a record, and some 100 a group; all of it is charged to the guard.
/// Thread safety: one thread.
class Grouping {
public:
    Grouping(Session& session, const TableSpec& table, std::vector<GroupColumn> columns);
    ~Grouping();
    Grouping(const Grouping&) = delete;
    Grouping& operator=(const Grouping&) = delete;

    /// Reads a scope to its end. Errors: snapshot_expired, those of the guard.
    Result<void> fill(RecordCursor cursor);
    /// Arranges the records of all scopes. To be called once, before `next`.
    void sort();

    /// Goes on to the next record. False: there is none.
    [[nodiscard]] bool next() noexcept;
    [[nodiscard]] RecordMark current() const noexcept { return sorted_[at_]; }

    /// The column's value in every record of this group; none if it is no column of the grouping, or
    /// if records of the group have equal values that are not identical, such as 1 and 1.0.
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
    std::vector<std::string> texts_;  ///< of the probe, where JSON text had to be made
    std::vector<Scalar> keys_;        ///< of the groups, one behind the other
    std::vector<bool> is_common_;     ///< of each key: it is identical in all records of its group
    std::deque<std::string> owned_;   ///< JSON text of keys
    std::unique_ptr<Index> index_;
    std::vector<RecordMark> marks_;       ///< as they were read
    std::vector<std::uint32_t> groups_;   ///< of each of them
    std::vector<RecordMark> sorted_;      ///< by group
    std::vector<std::size_t> ends_;       ///< of the groups, in their order, within `sorted_`
    std::vector<std::uint32_t> ordered_;  ///< the groups in their order
    std::size_t at_ = 0;
    std::size_t group_at_ = 0;
    std::size_t charged_ = 0;
    bool has_begun_ = false;
};

}  // namespace ringside::sql
